import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { api, read } from '@/api/client';
import { CodeField, DoorForm, DoorPage, isWrong } from './DoorPage';
import css from './DoorPage.module.css';
import { useEnter } from './useEnter';

const PasskeyButton = lazy(() => import('./PasskeyButton'));

/** The password was right; a code of the app, or a recovery code, is still due. */
export function SecondStep({
  next,
  passkey,
  onBack,
}: {
  next?: string | undefined;
  passkey: boolean;
  onBack: () => void;
}) {
  const [code, setCode] = useState('');
  const [recovery, setRecovery] = useState(false);
  const enter = useEnter();
  const confirm = useMutation({
    mutationFn: () => read(api.POST('/api/v1/session/second-factor', { body: { code } })),
    onSuccess: (session) => enter(session, next),
    onError: () => setCode(''),
    gcTime: 0,
  });
  const other = () => {
    setRecovery(!recovery);
    setCode('');
    confirm.reset();
  };
  return (
    <DoorPage
      title="Second step"
      lead={
        recovery
          ? 'Without your authenticator app, a recovery code opens your account.'
          : 'Open your authenticator app and type the code it shows for doteb.'
      }
      foot={
        <>
          <button type="button" className={css.link} onClick={other}>
            {recovery ? 'Use the app' : 'Use a recovery code'}
          </button>
          <button type="button" className={css.link} onClick={onBack}>
            Back to sign in
          </button>
        </>
      }
    >
      <DoorForm
        key={String(recovery)}
        onSubmit={() => confirm.mutate()}
        error={isWrong(confirm.error, 'code') ? null : confirm.error}
        pending={confirm.isPending}
        label="Sign in"
        pendingLabel="Signing in…"
      >
        <CodeField value={code} onChange={setCode} recovery={recovery} error={confirm.error} />
      </DoorForm>
      {passkey && (
        <Suspense>
          <PasskeyButton label="Use a passkey" secondStep next={next} />
        </Suspense>
      )}
    </DoorPage>
  );
}
