import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { type CustomProvider, customProvidersQuery } from '@/api/customProviders';
import { Page } from '@/frame/Page';
import { may, mayWrite, useScope } from '@/frame/scope';
import { count } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Actions, Fact, List, ListHead, ListLoading, ListRow } from '@/ui/List';
import { Empty, Failed } from '@/ui/Notice';
import css from './CustomProviders.module.css';
import { DeleteDialog } from './DeleteDialog';
import { ProviderForm } from './ProviderForm';

export default function CustomProvidersPage() {
  const { org } = useScope();
  const { provider: edited } = useSearch({ from: '/signed-in/o/$org/custom-providers' });
  const navigate = useNavigate({ from: '/o/$org/custom-providers' });
  const providers = useQuery(customProvidersQuery(org.id));
  const open = (provider?: string) => void navigate({ search: (old) => ({ ...old, provider }) });
  const found = providers.data?.find(({ id }) => id === edited);
  const form = mayWrite(org, 'admin') && (edited === 'new' || found);
  return (
    <Page title="Custom providers">
      {providers.isError && !providers.data ? (
        <Failed error={providers.error} retry={() => void providers.refetch()} />
      ) : !providers.data ? (
        <ListLoading />
      ) : form ? (
        <ProviderForm key={edited} provider={found} onClose={() => open()} />
      ) : (
        <Providers providers={providers.data} open={open} />
      )}
    </Page>
  );
}

function Providers({
  providers,
  open,
}: {
  providers: CustomProvider[];
  open: (provider: string) => void;
}) {
  const { org, session } = useScope();
  const [deleting, setDeleting] = useState<CustomProvider>();
  const allowed = session.provider_base_url_override;
  const add = mayWrite(org, 'admin') && (
    <Button look="primary" disabled={!allowed} onClick={() => open('new')}>
      <Plus size={15} /> Add provider
    </Button>
  );
  return (
    <>
      <ListHead lead="Servers of your own, called through the same keys, limits and log as every provider. Nobody outside this organisation sees them.">
        {providers.length > 0 && add}
      </ListHead>
      {!allowed && (
        <p className={css.note} role="note">
          The operator of this instance has not allowed addresses of one’s own
          (DOTEB_BASE_URL_OVERRIDE).
        </p>
      )}
      {providers.length === 0 ? (
        <Empty title="No provider of your own" action={add}>
          Ollama, vLLM, LM Studio or a gateway in your network: whatever speaks OpenAI’s or
          Anthropic’s protocol can stand beside the catalogue, with your own models and prices.
        </Empty>
      ) : (
        <List label="Custom providers">
          {providers.map((provider) => (
            <Row
              key={provider.id}
              provider={provider}
              onEdit={() => open(provider.id)}
              onDelete={() => setDeleting(provider)}
            />
          ))}
        </List>
      )}
      {deleting && <DeleteDialog provider={deleting} onClose={() => setDeleting(undefined)} />}
    </>
  );
}

function Row({
  provider,
  onEdit,
  onDelete,
}: {
  provider: CustomProvider;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const { org } = useScope();
  const { name, slug, base_url, protocol, models, provider_keys: keys } = provider;
  return (
    <ListRow
      name={
        <>
          {name}
          <Badge>{protocol === 'anthropic' ? 'Anthropic protocol' : 'OpenAI protocol'}</Badge>
        </>
      }
      under={
        <>
          <code className={css.mono}>{slug}/…</code>
          <code className={css.mono}>{base_url}</code>
        </>
      }
    >
      <Fact number title={models.map(({ id }) => id).join(', ') || 'It has none yet'}>
        {count(models.length)} {models.length === 1 ? 'model' : 'models'}
      </Fact>
      <Fact
        number
        title={keys ? 'Its keys are under Provider keys' : 'It is called without credentials'}
      >
        {keys === 0 ? 'no key' : `${keys} ${keys === 1 ? 'key' : 'keys'}`}
      </Fact>
      {may(org, 'admin') && (
        <Actions room={2}>
          {mayWrite(org, 'admin') && (
            <Button size="small" aria-label={`Edit ${name}`} onClick={onEdit}>
              Edit
            </Button>
          )}
          <Button size="small" aria-label={`Delete ${name}`} onClick={onDelete}>
            Delete
          </Button>
        </Actions>
      )}
    </ListRow>
  );
}
