import { useMutation } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { signInWithPasskey } from '@/api/passkeys';
import { Button } from '@/ui/Button';
import { FormError } from '@/ui/Notice';
import css from './DoorPage.module.css';
import { useEnter } from './useEnter';

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
  if (!('PublicKeyCredential' in window)) return null;
  return (
    <div className={css.other}>
      <Button onClick={() => signIn.mutate()} disabled={signIn.isPending}>
        <KeyRound size={15} /> {signIn.isPending ? 'Waiting for your passkey…' : label}
      </Button>
      <FormError error={signIn.error} />
    </div>
  );
}
