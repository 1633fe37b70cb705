import { useQuery } from '@tanstack/react-query';
import { Ban, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey, CreatedSigningKey, SigningKey } from '@/api/client';
import { signingKeysQuery, useCreateSigningKey, useRevokeSigningKey } from '@/api/queries';
import { useScope } from '@/frame/scope';
import { ago, whenExact } from '@/lib/format';
import { Button, IconButton } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { Confirm } from '@/ui/Confirm';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Failed, FormError } from '@/ui/Notice';
import { ShownOnce } from '@/ui/ShownOnce';
import { toast } from '@/ui/Toasts';
import css from './ApiKeysPage.module.css';

type Props = { project: string; apiKey: ApiKey; onClose: () => void };

/** Pairs with which AWS's SDKs sign requests on this API key. */
export function AwsDialog(props: Props) {
  const [created, setCreated] = useState<CreatedSigningKey>();
  return created ? (
    <Created created={created} onClose={props.onClose} />
  ) : (
    <Pairs {...props} onCreated={setCreated} />
  );
}

function Pairs({
  project,
  apiKey,
  onClose,
  onCreated,
}: Props & { onCreated: (pair: CreatedSigningKey) => void }) {
  const { org } = useScope();
  const pairs = useQuery(signingKeysQuery(org.id, project, apiKey.id));
  const create = useCreateSigningKey(org.id, project);
  const [revoking, setRevoking] = useState<SigningKey>();
  return (
    <Dialog
      title={`AWS credentials of “${apiKey.name}”`}
      description="For clients of Amazon Bedrock that sign their requests, as boto3 does. What they do counts on this API key, and they end with it."
      onClose={onClose}
    >
      <div className={css.key}>
        {pairs.isError ? (
          <Failed error={pairs.error} retry={() => void pairs.refetch()} />
        ) : pairs.isPending ? (
          <p className={css.quiet}>Loading…</p>
        ) : pairs.data.length === 0 ? (
          <p className={css.quiet}>None yet.</p>
        ) : (
          <ul className={css.pairs}>
            {pairs.data.map((pair) => (
              <li key={pair.id}>
                <code className={css.mono}>{pair.access_key_id}</code>
                <span className={css.under} title={whenExact(pair.created_at)}>
                  {ago(pair.created_at)}
                </span>
                <IconButton
                  label={`Revoke ${pair.access_key_id}`}
                  size="small"
                  onClick={() => setRevoking(pair)}
                >
                  <Ban size={15} />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
      </div>
      <FormError error={create.error} />
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
        <Button
          look="primary"
          disabled={create.isPending}
          onClick={() => create.mutate(apiKey.id, { onSuccess: onCreated })}
        >
          {create.isPending ? 'Creating…' : 'Create AWS credentials'}
        </Button>
      </DialogActions>
      {revoking && (
        <RevokePair
          project={project}
          apiKey={apiKey}
          pair={revoking}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </Dialog>
  );
}

function RevokePair({ project, apiKey, pair, onClose }: Props & { pair: SigningKey }) {
  const { org } = useScope();
  const revoke = useRevokeSigningKey(org.id, project);
  const confirm = () =>
    revoke.mutate(pair.id, {
      onSuccess: () => {
        toast(`Revoked ${pair.access_key_id}`);
        onClose();
      },
    });
  return (
    <Dialog
      title="Revoke these AWS credentials?"
      description="Within a second every request signed with them is refused. This cannot be undone; the API key itself goes on working."
      onClose={onClose}
    >
      <dl className={css.impact}>
        <dt>Access key id</dt>
        <dd className={css.mono}>{pair.access_key_id}</dd>
        <dt>Made</dt>
        <dd title={whenExact(pair.created_at)}>{ago(pair.created_at)}</dd>
        <dt>API key</dt>
        <dd>
          {apiKey.name}
          <div className={css.quiet}>
            {apiKey.last_used_at
              ? `last used ${ago(apiKey.last_used_at)}, signed or not`
              : 'never used, so neither were these'}
          </div>
        </dd>
      </dl>
      <Confirm
        change={revoke}
        keep="Keep them"
        act="Revoke credentials"
        acting="Revoking…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}

function Created({ created, onClose }: { created: CreatedSigningKey; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const lines = `AWS_ACCESS_KEY_ID=${created.access_key_id}\nAWS_SECRET_ACCESS_KEY=${created.secret_access_key}`;
  return (
    <Dialog title="AWS credentials are ready" onClose={onClose} locked={!copied}>
      <div className={css.key}>
        <p className={css.warn}>
          <TriangleAlert size={15} />
          <span>Copy the secret now. It is stored sealed and cannot be shown again.</span>
        </p>
        <div>
          <h3>Access key id</h3>
          <Code text={created.access_key_id} label="access key id" />
        </div>
        <div>
          <h3>Secret access key</h3>
          <ShownOnce
            what="secret"
            text={created.secret_access_key}
            onCopied={() => setCopied(true)}
          />
        </div>
        <div>
          <h3>For your .env</h3>
          <Code text={lines} label=".env lines" />
        </div>
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the secret'}</Button>
      </DialogActions>
    </Dialog>
  );
}
