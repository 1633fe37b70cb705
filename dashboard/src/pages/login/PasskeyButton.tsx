import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Session } from '@/api/client';
import { offerPasskeys, signInWithPasskey } from '@/api/passkeys';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Notice';
import css from './DoorPage.module.css';
import { useEnter } from './useEnter';

/** After one that was refused, the next is not offered at once: a device may answer by itself. */
const AGAIN_MS = 2000;

/** Offers passkeys in the name's autofill while `on`; the function ends that at once, for a browser answers one
 * question at a time. */
function useOffer(on: boolean, enter: (session: Session) => void) {
  const [error, setError] = useState<Error | null>(null);
  const end = useRef(() => {});
  const latest = useRef(enter);
  useEffect(() => {
    latest.current = enter;
  });
  useEffect(() => {
    if (!on) return;
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const offer = () =>
      void offerPasskeys(control.signal).then(
        (session) => session && latest.current(session),
        (refused: Error) => {
          if (control.signal.aborted) return;
          setError(refused);
          timer = setTimeout(offer, AGAIN_MS);
        },
      );
    end.current = () => {
      control.abort();
      clearTimeout(timer);
      setError(null);
    };
    offer();
    return () => end.current();
  }, [on]);
  return { error, end: () => end.current() };
}

/** Signs in with a passkey, in browsers that have them. */
export default function PasskeyButton({
  label,
  secondStep = false,
  next,
}: {
  label: string;
  secondStep?: boolean;
  next?: string | undefined;
}) {
  const enter = useEnter();
  const signIn = useMutation({
    mutationFn: () => signInWithPasskey(secondStep),
    onSuccess: (session) => enter(session, next),
    gcTime: 0,
  });
  const able = 'PublicKeyCredential' in window;
  const free = !signIn.isPending && !signIn.isSuccess;
  const offer = useOffer(able && !secondStep && free, (session) => void enter(session, next));
  const ask = () => {
    offer.end();
    signIn.mutate();
  };
  if (!able) return null;
  return (
    <div className={css.other}>
      <Button onClick={ask} disabled={signIn.isPending}>
        <KeyRound size={15} /> {signIn.isPending ? 'Waiting for your passkey…' : label}
      </Button>
      <FormError error={offer.error ?? signIn.error} />
    </div>
  );
}
