import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import {
  type ManagementToken,
  managementTokensQuery,
  useRevokeManagementToken,
} from '@/api/managementTokens';
import { Page } from '@/frame/Page';
import { may, mayWrite, useScope } from '@/frame/scope';
import { ago, date, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Code } from '@/ui/Code';
import { Confirm } from '@/ui/Confirm';
import { Dialog } from '@/ui/Dialog';
import { Actions, Fact, List, ListHead, ListLoading, ListRow } from '@/ui/List';
import { Empty, Failed } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { atMost, roleName } from '../members/roles';
import { CreateDialog } from './CreateDialog';
import { curlWith } from './curl';
import css from './Tokens.module.css';

export default function TokensPage() {
  const { org } = useScope();
  const tokens = useQuery({ ...managementTokensQuery(org.id), enabled: may(org, 'admin') });
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ManagementToken>();
  const create = mayWrite(org, 'admin') && (
    <Button look="primary" onClick={() => setCreating(true)}>
      <Plus size={15} /> Create token
    </Button>
  );
  if (!may(org, 'admin')) {
    return (
      <Page title="Management tokens">
        <Empty title="For admins">Management tokens are made by admins and owners.</Empty>
      </Page>
    );
  }
  return (
    <Page title="Management tokens">
      <ListHead lead="With a token a script calls the API that this dashboard calls, within the scopes that it was given.">
        {tokens.data?.length !== 0 && create}
      </ListHead>
      {tokens.isError && !tokens.data ? (
        <Failed error={tokens.error} retry={() => void tokens.refetch()} />
      ) : !tokens.data ? (
        <ListLoading />
      ) : tokens.data.length === 0 ? (
        <>
          <Empty title="No management token yet" action={create}>
            Whatever can be done here can be done by a script: make keys for a deployment, export a
            month of spend, read the audit log.
          </Empty>
          <div className={css.example}>
            <Code text={curlWith(org.id, 'sk-doteb-mgmt-…')} label="call of a script" />
          </div>
        </>
      ) : (
        <List label="Management tokens">
          {tokens.data.map((token) => (
            <Row key={token.id} token={token} onRevoke={() => setRevoking(token)} />
          ))}
        </List>
      )}
      {creating && <CreateDialog onClose={() => setCreating(false)} />}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />}
    </Page>
  );
}

function State({ token }: { token: ManagementToken }) {
  const { maker_role: now, role, expires_at } = token;
  if (!now) return <Badge tone="bad">Its maker has left</Badge>;
  if (expires_at && new Date(expires_at).getTime() <= Date.now()) {
    return <Badge tone="bad">Expired</Badge>;
  }
  if (!atMost(role, now)) return <Badge tone="warn">Now as {roleName(now)}</Badge>;
  return null;
}

function Row({ token, onRevoke }: { token: ManagementToken; onRevoke: () => void }) {
  const { name, last4, role, scopes, created_by: by, expires_at, last_used_at } = token;
  return (
    <ListRow
      name={
        <>
          {name}
          <Badge>{roleName(role)}</Badge>
          <State token={token} />
        </>
      }
      under={
        <>
          <span className={css.mono}>sk-doteb-mgmt-…{last4}</span>
          <span>{scopes.join(', ')}</span>
          <span>
            by {by.name || by.email}, {date(token.created_at)}
          </span>
        </>
      }
    >
      <Fact title={expires_at ? whenExact(expires_at) : 'It works until it is revoked'}>
        {expires_at ? `ends ${ago(expires_at)}` : 'never expires'}
      </Fact>
      <Fact title={last_used_at ? whenExact(last_used_at) : 'It was never used'}>
        {last_used_at ? `used ${ago(last_used_at)}` : 'never used'}
      </Fact>
      <Actions room={1}>
        <Button size="small" aria-label={`Revoke ${name}`} onClick={onRevoke}>
          Revoke
        </Button>
      </Actions>
    </ListRow>
  );
}

function RevokeDialog({ token, onClose }: { token: ManagementToken; onClose: () => void }) {
  const { org } = useScope();
  const revoke = useRevokeManagementToken(org.id);
  const confirm = () =>
    revoke.mutate(token.id, {
      onSuccess: () => {
        toast(`Revoked ${token.name}`);
        onClose();
      },
    });
  return (
    <Dialog
      title={`Revoke “${token.name}”?`}
      description={`The next call with it is refused. It was ${
        token.last_used_at ? `last used ${ago(token.last_used_at)}` : 'never used'
      }. This cannot be undone; what it did stays in the audit log.`}
      onClose={onClose}
    >
      <Confirm
        change={revoke}
        act="Revoke token"
        acting="Revoking…"
        onKeep={onClose}
        onAct={confirm}
      />
    </Dialog>
  );
}
