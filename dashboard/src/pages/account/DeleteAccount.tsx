import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Account, type AccountDeletion, api, CSRF, read, setCsrfToken } from '@/api/client';
import { accountDeletionQuery } from '@/api/queries';
import { countExact } from '@/lib/format';
import { forgetPlaygroundKeys } from '@/lib/playgroundKey';
import { Button, ButtonLink } from '@/ui/Button';
import { CheckRow } from '@/ui/CheckRow';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Failed } from '@/ui/Notice';
import { Skeleton } from '@/ui/Skeleton';
import { toast } from '@/ui/Toasts';
import css from './AccountPage.module.css';
import { FormDialog, PasswordField, rest } from './ProfileDialogs';
import { CodeRow } from './SecondFactorDialogs';

type Props = { onClose: () => void };

/** The end of the account: what stands in the way first, then the password. */
export function DeleteAccount({ account }: { account: Account }) {
  const [open, setOpen] = useState(false);
  return (
    <section className={css.group} aria-labelledby="delete-account">
      <div className={css.head}>
        <h2 id="delete-account">Delete your account</h2>
      </div>
      <div className={css.row}>
        <div className={css.label}>
          <div className={css.under}>
            Nothing opens it any more, and you leave every organisation. It cannot be brought back.
          </div>
        </div>
        <Button look="danger" size="small" onClick={() => setOpen(true)}>
          Delete account…
        </Button>
      </div>
      {open && <DeleteDialog account={account} onClose={() => setOpen(false)} />}
    </section>
  );
}

function DeleteDialog({ account, onClose }: Props & { account: Account }) {
  const asked = useQuery(accountDeletionQuery);
  if (asked.isError && !asked.data)
    return (
      <Dialog title="Delete your account?" onClose={onClose}>
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      </Dialog>
    );
  if (!asked.data)
    return (
      <Dialog title="Delete your account?" onClose={onClose}>
        <div aria-busy="true">
          <Skeleton width={36} />
        </div>
      </Dialog>
    );
  const { last_operator, organisations } = asked.data;
  return last_operator || organisations.length > 0 ? (
    <Blocked deletion={asked.data} onClose={onClose} />
  ) : (
    <Confirm account={account} keys={asked.data.api_keys} onClose={onClose} />
  );
}

/** What has to be done first, with the way there. */
function Blocked({ deletion, onClose }: Props & { deletion: AccountDeletion }) {
  const { last_operator, organisations, organisations_total } = deletion;
  const more = organisations_total - organisations.length;
  return (
    <Dialog
      title="Your account cannot be deleted yet"
      description="It would leave behind what nobody could look after. First:"
      onClose={onClose}
    >
      <ul className={css.first}>
        {last_operator && (
          <li>
            <div className={css.label}>
              <div className={css.name}>This instance</div>
              <div className={css.under}>
                Nobody else operates it. Make another operator with doteb-control admin create.
              </div>
            </div>
          </li>
        )}
        {organisations.map(({ id, name, reason }) => (
          <li key={id}>
            <div className={css.label}>
              <div className={css.name}>{name}</div>
              <div className={css.under}>
                {reason === 'only_member'
                  ? 'Nobody else is in it: archive it.'
                  : 'It has no other owner: make somebody else one.'}
              </div>
            </div>
            <ButtonLink
              size="small"
              to={reason === 'only_member' ? '/o/$org/organisation' : '/o/$org/members'}
              params={{ org: id }}
              aria-label={`${reason === 'only_member' ? 'Archive it:' : 'Members of'} ${name}`}
            >
              {reason === 'only_member' ? 'Archive it' : 'Members'}
            </ButtonLink>
          </li>
        ))}
      </ul>
      {more > 0 && <p className={css.under}>And {countExact(more, 'more organisation')}.</p>}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
}

/** Out, as after signing out: nothing of the session stays in the page. */
function useGone() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    setCsrfToken('');
    forgetPlaygroundKeys();
    await navigate({ to: '/login' });
    client.clear();
    toast('Deleted your account');
  };
}

function Confirm({ account, keys, onClose }: Props & { account: Account; keys: number }) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [revoke, setRevoke] = useState(false);
  const gone = useGone();
  const end = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/v1/account/deletion', {
          params: CSRF,
          body: {
            password,
            api_keys: revoke ? 'revoke' : 'keep',
            ...(account.second_factor && { code }),
          },
        }),
      ),
    onSuccess: gone,
    onError: () => {
      setPassword('');
      setCode('');
    },
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Delete your account?"
      description="At once, and for good. Audit logs keep what you did, under your e-mail address, as they keep it of everybody."
      label="Delete for good"
      danger
      error={rest(end.error, 'password', 'code')}
      pending={end.isPending}
      onSubmit={() => end.mutate()}
      onClose={onClose}
    >
      <PasswordField value={password} onChange={setPassword} error={end.error} />
      {account.second_factor && (
        <CodeRow value={code} onChange={setCode} error={end.error} recovery />
      )}
      {keys > 0 && (
        <CheckRow checked={revoke} onChange={setRevoke}>
          Revoke my {countExact(keys, 'API key')} too. Otherwise they go on working, for they are
          the organisations’.
        </CheckRow>
      )}
    </FormDialog>
  );
}
