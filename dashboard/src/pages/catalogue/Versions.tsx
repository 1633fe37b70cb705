import { useInfiniteQuery } from '@tanstack/react-query';
import { Upload } from 'lucide-react';
import { useState } from 'react';
import { type CatalogueVersion, useLookAnew, versionsQuery } from '@/api/instance';
import { ago, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Actions, Fact, List, ListHead, ListLoading, ListRow } from '@/ui/List';
import { Empty, Failed, FormError } from '@/ui/Notice';
import { changesText, VersionDialog } from './Changes';
import { ImportDialog } from './ImportDialog';

export function Versions() {
  const versions = useInfiniteQuery(versionsQuery);
  const look = useLookAnew();
  const [giving, setGiving] = useState(false);
  const [open, setOpen] = useState<CatalogueVersion>();
  const rows = versions.data?.pages.flatMap((page) => page.items);
  const give = (
    <Button look="primary" onClick={() => setGiving(true)}>
      <Upload size={15} /> Import a file
    </Button>
  );
  return (
    <>
      <ListHead lead="Every file that was given to the catalogue, by hand or by the feed. You see what one would change before it does, and an older one can be applied again.">
        {give}
      </ListHead>
      <FormError error={look.error} />
      {versions.isError && !rows ? (
        <Failed error={versions.error} retry={() => void versions.refetch()} />
      ) : !rows ? (
        <ListLoading />
      ) : rows.length === 0 ? (
        <Empty title="Nothing imported yet" action={give}>
          The catalogue is the one that doteb came with. A file of models, providers and prices, in
          doteb’s own format or as models.dev has it, can be taken up at any time.
        </Empty>
      ) : (
        <List label="Imports">
          {rows.map((version) => (
            <Row
              key={version.id}
              version={version}
              busy={look.isPending && look.variables === version.id}
              onLook={() => look.mutate(version.id, { onSuccess: setOpen })}
            />
          ))}
        </List>
      )}
      {versions.hasNextPage && (
        <Button onClick={() => void versions.fetchNextPage()}>Show more</Button>
      )}
      {giving && (
        <ImportDialog
          onClose={() => setGiving(false)}
          onGiven={(version) => {
            setGiving(false);
            setOpen(version);
          }}
        />
      )}
      {open && <VersionDialog version={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function Row({
  version,
  busy,
  onLook,
}: {
  version: CatalogueVersion;
  busy: boolean;
  onLook: () => void;
}) {
  const { name, source, created_at, created_by, applied_at, applied_by, changes } = version;
  const word = applied_at ? 'Apply again' : 'Review';
  const by = source === 'feed' ? 'the feed' : (created_by ?? 'somebody who is gone');
  return (
    <ListRow
      name={
        <>
          {name}
          {applied_at ? <Badge tone="good">Applied</Badge> : <Badge tone="warn">Not applied</Badge>}
        </>
      }
      under={
        <>
          <span title={whenExact(created_at)}>
            by {by}, {ago(created_at)}
          </span>
          {applied_at && (
            <span title={whenExact(applied_at)}>
              applied {ago(applied_at)}
              {applied_by && ` by ${applied_by}`}
            </span>
          )}
        </>
      }
    >
      <Fact number>{changesText(changes)}</Fact>
      <Actions room={1}>
        <Button
          size="small"
          disabled={busy}
          onClick={onLook}
          aria-label={`${word}: ${name}, ${ago(created_at)}`}
        >
          {word}
        </Button>
      </Actions>
    </ListRow>
  );
}
