import { useMutation, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { QRCodeSVG } from 'qrcode.react';
import { useState } from 'react';
import { ApiError, api, CSRF, read } from '@/api/client';
import { accountQuery } from '@/api/queries';
import { Button } from '@/ui/Button';
import { CopyButton } from '@/ui/Copy';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { Field, inputClass } from '@/ui/Field';
import { toast } from '@/ui/Toasts';
import keyCss from '../api-keys/ApiKeysPage.module.css';
import css from './AccountPage.module.css';
import { FormDialog, PasswordField, rest } from './ProfileDialogs';

type Props = { onClose: () => void };
type Secret = { secret: string; uri: string };

const PATH = '/api/v1/account/second-factor';

/** Password, then QR code and the first code, then the recovery codes. */
export function SetUpDialog({ onClose }: Props) {
  const [secret, setSecret] = useState<Secret>();
  const [codes, setCodes] = useState<string[]>();
  if (codes) return <Codes codes={codes} title="Two-step sign-in is on" onClose={onClose} />;
  if (secret) return <Scan {...secret} onDone={setCodes} onClose={onClose} />;
  return <Begin onDone={setSecret} onClose={onClose} />;
}

function Begin({ onDone, onClose }: Props & { onDone: (secret: Secret) => void }) {
  const [password, setPassword] = useState('');
  const begin = useMutation({
    mutationFn: () => read(api.POST(PATH, { params: CSRF, body: { password } })),
    onSuccess: onDone,
    onError: () => setPassword(''),
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Set up two-step sign-in"
      description="You need an authenticator app on your phone."
      label="Continue"
      error={rest(begin.error, 'password')}
      pending={begin.isPending}
      onSubmit={() => begin.mutate()}
      onClose={onClose}
    >
      <PasswordField value={password} onChange={setPassword} error={begin.error} />
    </FormDialog>
  );
}

function Scan({
  secret,
  uri,
  onDone,
  onClose,
}: Props & Secret & { onDone: (codes: string[]) => void }) {
  const [code, setCode] = useState('');
  const client = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => read(api.POST(`${PATH}/confirm`, { params: CSRF, body: { code } })),
    onSuccess: ({ recovery_codes }) => {
      void client.invalidateQueries({ queryKey: accountQuery.queryKey });
      onDone(recovery_codes);
    },
    onError: () => setCode(''),
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Scan this with your app"
      label="Turn on"
      error={rest(confirm.error, 'code')}
      pending={confirm.isPending}
      onSubmit={() => confirm.mutate()}
      onClose={onClose}
    >
      <div className={css.scan}>
        <div className={css.qr}>
          <QRCodeSVG value={uri} size={176} title="QR code for the authenticator app" />
        </div>
        <div className={css.byHand}>
          <p>Or type this in:</p>
          <p className={css.secret}>{secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
          <CopyButton text={secret} label="Copy" />
        </div>
      </div>
      <CodeRow value={code} onChange={setCode} error={confirm.error} />
    </FormDialog>
  );
}

/** A code of the second factor that is on, or being set up. */
export function CodeRow({
  value,
  onChange,
  error,
  recovery = false,
}: {
  value: string;
  onChange: (value: string) => void;
  error: Error | null;
  recovery?: boolean;
}) {
  const wrong = error instanceof ApiError && error.field === 'code';
  return (
    <Field
      label="Code"
      hint={
        recovery ? 'Of your app, or a recovery code.' : 'The six digits that the app shows now.'
      }
      error={wrong ? 'It is wrong, too old, or was used already.' : undefined}
    >
      {(control) => (
        <input
          {...control}
          className={inputClass}
          autoComplete="one-time-code"
          inputMode={recovery ? 'text' : 'numeric'}
          required
          maxLength={32}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

function Codes({ codes, title, onClose }: Props & { codes: string[]; title: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={title} onClose={onClose} locked={!copied}>
      <div className={keyCss.key}>
        <p className={keyCss.warn}>
          <TriangleAlert size={15} />
          <span>
            Save these recovery codes. Each opens your account once, without your phone; they are
            never shown again.
          </span>
        </p>
        <ul className={css.codes} aria-label="Recovery codes" data-testid="recovery-codes">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <div className={css.copies}>
          <CopyButton
            look="primary"
            text={codes.join('\n')}
            label="Copy codes"
            onCopied={() => setCopied(true)}
          />
        </div>
      </div>
      <DialogActions>
        <Button onClick={onClose}>{copied ? 'Done' : 'I have saved the codes'}</Button>
      </DialogActions>
    </Dialog>
  );
}

/** New recovery codes in place of the old. */
export function CodesDialog({ onClose }: Props) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [codes, setCodes] = useState<string[]>();
  const client = useQueryClient();
  const renew = useMutation({
    mutationFn: () =>
      read(api.POST(`${PATH}/recovery-codes`, { params: CSRF, body: { password, code } })),
    onSuccess: ({ recovery_codes }) => {
      void client.invalidateQueries({ queryKey: accountQuery.queryKey });
      setCodes(recovery_codes);
    },
    onError: () => setCode(''),
    gcTime: 0,
  });
  if (codes) return <Codes codes={codes} title="New recovery codes" onClose={onClose} />;
  return (
    <FormDialog
      title="Make new recovery codes"
      description="The old ones stop working."
      label="Make new codes"
      error={rest(renew.error, 'password', 'code')}
      pending={renew.isPending}
      onSubmit={() => renew.mutate()}
      onClose={onClose}
    >
      <PasswordField value={password} onChange={setPassword} error={renew.error} />
      <CodeRow value={code} onChange={setCode} error={renew.error} recovery />
    </FormDialog>
  );
}

export function RemoveDialog({ onClose }: Props) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => read(api.POST(`${PATH}/remove`, { params: CSRF, body: { password, code } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: accountQuery.queryKey });
      toast('Two-step sign-in is off');
      onClose();
    },
    onError: () => setCode(''),
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Turn two-step sign-in off?"
      description="Signing in will ask for your password only, and the recovery codes stop working."
      label="Turn off"
      danger
      error={rest(remove.error, 'password', 'code')}
      pending={remove.isPending}
      onSubmit={() => remove.mutate()}
      onClose={onClose}
    >
      <PasswordField value={password} onChange={setPassword} error={remove.error} />
      <CodeRow value={code} onChange={setCode} error={remove.error} recovery />
    </FormDialog>
  );
}
