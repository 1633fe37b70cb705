import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, read } from '@/api/client';
import { instanceQuery } from '@/api/queries';
import { BackToLogin, DoorForm, DoorPage, EmailField } from '../login/DoorPage';
import css from '../login/DoorPage.module.css';

/** A mail is on its way; or, as soon as that is known, it waits for its server. */
function MailSent({ children, onAgain }: { children: ReactNode; onAgain: () => void }) {
  const instance = useQuery({ ...instanceQuery, staleTime: 0, refetchInterval: 5_000 });
  return (
    <DoorPage
      title="Check your mail"
      lead={children}
      foot={
        <>
          <button type="button" className={css.link} onClick={onAgain}>
            Another address
          </button>
          <BackToLogin />
        </>
      }
    >
      <p role="status">
        {instance.data?.mail_late &&
          'The mail server does not take mail at the moment. Yours waits and is tried again; if it lasts, tell who runs this instance.'}
      </p>
    </DoorPage>
  );
}

/** Asks for an address and says that a mail is on its way, whoever has the address. */
function AskPage({
  title,
  lead,
  label,
  ask,
  sent,
}: {
  title: string;
  lead: string;
  label: string;
  ask: (email: string) => Promise<unknown>;
  sent: (email: string) => ReactNode;
}) {
  const [email, setEmail] = useState('');
  const asking = useMutation({ mutationFn: () => ask(email) });
  const instance = useQuery(instanceQuery);
  if (instance.data?.mail === false) {
    return (
      <DoorPage
        title={title}
        lead="This instance sends no mail, and it takes a mail: ask who runs it."
        foot={<BackToLogin />}
      />
    );
  }
  if (asking.isSuccess) {
    return <MailSent onAgain={asking.reset}>{sent(email)}</MailSent>;
  }
  return (
    <DoorPage title={title} lead={lead} foot={<BackToLogin />}>
      <DoorForm
        onSubmit={() => asking.mutate()}
        error={asking.error}
        pending={asking.isPending}
        label={label}
        pendingLabel="Sending…"
      >
        <EmailField value={email} onChange={setEmail} />
      </DoorForm>
    </DoorPage>
  );
}

export function SignUpPage() {
  return (
    <AskPage
      title="Create an account"
      lead="We send you a link; with it you choose your name and password."
      label="Send the link"
      ask={(email) => read(api.POST('/api/v1/sign-up', { body: { email } }))}
      sent={(email) => (
        <>
          A mail to <strong>{email}</strong> is on its way. Its link works once, for 24 hours. If
          nothing comes, look into the spam folder.
        </>
      )}
    />
  );
}

export function ForgotPage() {
  return (
    <AskPage
      title="Forgot your password?"
      lead="We send a link with which you choose a new one."
      label="Send the link"
      ask={(email) => read(api.POST('/api/v1/password-reset', { body: { email } }))}
      sent={(email) => (
        <>
          A mail to <strong>{email}</strong> is on its way. Its link works once, for an hour. If
          nothing comes, look into the spam folder.
        </>
      )}
    />
  );
}
