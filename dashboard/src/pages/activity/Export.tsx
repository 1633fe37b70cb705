import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useEffect } from 'react';
import { api, read } from '@/api/client';
import { type RequestFilters, requestParameters } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { Button } from '@/ui/Button';
import css from './Filters.module.css';

/** What the list shows, as a file. What is too much is refused and said, never cut. */
export function Export({ filters }: { filters: RequestFilters }) {
  const { org } = useScope();
  const file = useMutation({
    mutationFn: () =>
      read(
        api.GET('/api/v1/organisations/{org}/requests/export', {
          params: { path: { org: org.id }, query: requestParameters(filters) },
          parseAs: 'blob',
        }),
      ),
    onSuccess: save,
    gcTime: 0,
  });
  const { reset } = file;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was refused was for other filters
  useEffect(reset, [filters, reset]);
  return (
    <>
      <span className={css.export}>
        <Button
          size="small"
          title="These requests as CSV, at most 20,000"
          disabled={file.isPending}
          onClick={() => file.mutate()}
        >
          <Download size={14} aria-hidden="true" /> {file.isPending ? 'Reading…' : 'CSV'}
        </Button>
      </span>
      {file.error && (
        <p className={css.refused} role="alert">
          No file: {file.error.message}
        </p>
      )}
    </>
  );
}

function save(blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = 'requests.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
