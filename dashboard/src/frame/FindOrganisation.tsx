// For who is in more organisations than the menu shows.
import * as D from '@radix-ui/react-dialog';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ownOrganisationsQuery } from '@/api/queries';
import { Options } from '@/ui/Options';
import css from './Palette.module.css';

export default function FindOrganisation({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState('');
  const navigate = useNavigate();
  const found = useQuery(ownOrganisationsQuery(query.trim()));
  return (
    <D.Root open onOpenChange={(open) => !open && onClose()}>
      <D.Portal>
        <div className={css.scrim} data-modal="">
          <D.Content className={css.palette} aria-describedby={undefined}>
            <D.Title className="visually-hidden">Find an organisation</D.Title>
            <Options
              label="Find an organisation"
              placeholder="Part of its name…"
              options={(found.data?.items ?? []).map(({ id, name }) => ({
                value: id,
                label: name,
              }))}
              busy={found.isFetching}
              empty={
                found.isError ? found.error.message : 'No organisation of yours has that name.'
              }
              onQuery={setQuery}
              onPick={(org) => {
                onClose();
                void navigate({ to: '/o/$org', params: { org } });
              }}
            />
          </D.Content>
        </div>
      </D.Portal>
    </D.Root>
  );
}
