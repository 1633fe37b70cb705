// A new secret for a key in three steps: paste, verify, switch. Where it stands is control's to
// say, so the dialog can be left at any step and opened again at the same one.
import { Check } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Provider, ProviderKey } from '@/api/client';
import { useRotation, useStartRotation } from '@/api/providerKeys';
import { useScope } from '@/frame/scope';
import { ago, whenExact } from '@/lib/format';
import { Button } from '@/ui/Button';
import { cx } from '@/ui/cx';
import { Dialog, DialogActions } from '@/ui/Dialog';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import { CheckResult } from './Check';
import { elsewhere, SecretField } from './Fields';
import { nameOf, providerName } from './names';
import css from './Rotation.module.css';
import { KeyState } from './State';

const STEPS = ['Paste', 'Verify', 'Switch'] as const;
type Step = 1 | 2 | 3;

type Props = {
  providerKey: ProviderKey;
  provider: Provider | undefined;
  onClose: () => void;
};

export function RotateDialog(props: Props) {
  const { providerKey: key, provider, onClose } = props;
  const state = key.rotation?.state;
  // What is verified is next switched to; what is not is looked at first.
  const [ahead, setAhead] = useState(state === 'verified');
  const step: Step = !state ? 1 : state === 'switched' || ahead ? 3 : 2;
  return (
    <Dialog
      title={`Rotate the secret of “${nameOf(key)}”`}
      description={`Its label, order and models stay. Make a new secret at ${providerName(provider, key.provider)} first; revoke the old one there when all is done.`}
      onClose={onClose}
    >
      <Stepper step={step} />
      {step === 1 && <Paste {...props} onStarted={() => setAhead(false)} />}
      {step === 2 && <Verify {...props} onNext={() => setAhead(true)} />}
      {step === 3 && state !== 'switched' && <Switch {...props} onBack={() => setAhead(false)} />}
      {state === 'switched' && <Confirm {...props} />}
    </Dialog>
  );
}

function Stepper({ step }: { step: Step }) {
  return (
    <ol className={css.steps} aria-label="Steps">
      {STEPS.map((name, i) => (
        <li
          key={name}
          className={cx(css.step, i + 1 === step && css.now, i + 1 < step && css.past)}
          aria-current={i + 1 === step ? 'step' : undefined}
        >
          <span className={css.number} aria-hidden="true">
            {i + 1 < step ? <Check size={12} /> : i + 1}
          </span>
          {name}
          {i + 1 < step && <span className="visually-hidden">, done</span>}
        </li>
      ))}
    </ol>
  );
}

/** Takes the focus when it appears, so that the step is read out and Tab goes on from it. */
function StepTitle({ step, children }: { step: Step; children: ReactNode }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <h3 ref={title} tabIndex={-1} className={css.title}>
      <span className="visually-hidden">
        Step {step} of {STEPS.length}, {STEPS[step - 1]}:{' '}
      </span>
      {children}
    </h3>
  );
}

function Paste({
  providerKey: key,
  provider,
  onClose,
  onStarted,
}: Props & { onStarted: () => void }) {
  const { org } = useScope();
  const start = useStartRotation(org.id);
  const [secret, setSecret] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate({ id: key.id, etag: key.etag, secret: secret.trim() }, { onSuccess: onStarted });
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      <SecretField
        label="New secret"
        value={secret}
        onChange={setSecret}
        error={start.error}
        focus
      />
      <FormError error={elsewhere(start.error, 'secret')} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" type="submit" disabled={start.isPending || !secret.trim()}>
          {start.isPending ? `Asking ${providerName(provider, key.provider)}…` : 'Verify'}
        </Button>
      </DialogActions>
    </form>
  );
}

/** The steps that ask nothing but a click. */
function useStep({ providerKey: key, onClose }: Props) {
  const { org } = useScope();
  const { mutateAsync, error, isPending } = useRotation(org.id);
  const name = nameOf(key);
  // What was pressed may be gone once the list is read again: the promise is kept all the same.
  const go = (step: 'switch' | 'confirm' | 'back', said?: string) =>
    void mutateAsync({ id: key.id, etag: key.etag, step }).then(
      () => {
        if (!said) return;
        toast(said);
        onClose();
      },
      () => undefined, // `error` is shown
    );
  return {
    error,
    isPending,
    useNew: () => go('switch'),
    confirm: () => go('confirm', `Rotated ${name}; its old secret is wiped`),
    discard: () => go('back', `Discarded the new secret of ${name}`),
    goBack: () => go('back', `${name} uses its old secret again`),
  };
}

function Verify(props: Props & { onNext: () => void }) {
  const { providerKey: key, onNext } = props;
  const { error, isPending, discard } = useStep(props);
  if (!key.rotation) return null;
  const verified = key.rotation.state === 'verified';
  return (
    <>
      <StepTitle step={2}>
        {verified ? 'The new secret works' : 'The new secret could not be verified'}
      </StepTitle>
      <CheckResult check={key.rotation.check} />
      <p className={css.text}>
        The new secret is kept, sealed, beside the old one, which goes on being used.{' '}
        {!verified && 'You may switch all the same, and go back at once if it fails.'}
      </p>
      <FormError error={error} />
      <DialogActions>
        <Button onClick={discard} disabled={isPending}>
          Discard it
        </Button>
        <Button look="primary" onClick={onNext}>
          {verified ? 'Continue' : 'Continue unverified'}
        </Button>
      </DialogActions>
    </>
  );
}

function Switch(props: Props & { onBack: () => void }) {
  const { providerKey: key, onBack } = props;
  const { error, isPending, useNew, discard } = useStep(props);
  return (
    <>
      <StepTitle step={3}>Switch to the new secret</StepTitle>
      <p className={css.text}>
        From the switch on, requests use the new secret, within a second. The old one is kept until
        you confirm: until then you can go back to it at once.
        {key.rotation?.state === 'unverified' && ' The new secret is not verified.'}
      </p>
      <FormError error={error} />
      <DialogActions>
        <Button onClick={onBack}>Look at the check</Button>
        <Button onClick={discard} disabled={isPending}>
          Discard it
        </Button>
        <Button look="primary" onClick={useNew} disabled={isPending}>
          {isPending ? 'Switching…' : 'Switch'}
        </Button>
      </DialogActions>
    </>
  );
}

function Confirm(props: Props) {
  const { providerKey: key } = props;
  const { error, isPending, confirm, goBack } = useStep(props);
  const at = key.rotation?.switched_at;
  return (
    <>
      <StepTitle step={3}>{SWITCHED}</StepTitle>
      <div className={css.facts}>
        {at && <span title={whenExact(at)}>Switched {ago(at)}.</span>}
        <span className={css.fact}>
          Of late: <KeyState providerKey={key} />
        </span>
      </div>
      <FormError error={error} />
      <DialogActions>
        <Button onClick={goBack} disabled={isPending}>
          Go back to the old one
        </Button>
        <Button look="primary" onClick={confirm} disabled={isPending}>
          Confirm and wipe old
        </Button>
      </DialogActions>
    </>
  );
}

const SWITCHED = 'New secret is in use. The old one is kept until you confirm.';

/** On the page: where a rotation stands, and its next step. */
export function RotationBar({
  mayChange,
  onOpen,
  ...props
}: Omit<Props, 'onClose'> & { mayChange: boolean; onOpen: () => void }) {
  const { providerKey: key } = props;
  const { error, isPending, confirm, discard, goBack } = useStep({ ...props, onClose: () => {} });
  if (!key.rotation) return null;
  const { state, started_at } = key.rotation;
  const name = nameOf(key);
  const switched = state === 'switched';
  return (
    <div className={css.bar}>
      <p title={whenExact(started_at)}>
        {switched
          ? SWITCHED
          : state === 'verified'
            ? 'A new secret is verified, and waits to be used.'
            : 'A new secret waits to be used; it could not be verified.'}
      </p>
      {mayChange && (
        <div className={css.ways}>
          <Button
            size="small"
            look="primary"
            disabled={isPending}
            onClick={switched ? confirm : onOpen}
            aria-label={
              switched ? `Confirm and wipe old secret of ${name}` : `Continue to rotate ${name}`
            }
          >
            {switched ? 'Confirm and wipe old' : 'Continue'}
          </Button>
          <Button
            size="small"
            disabled={isPending}
            onClick={switched ? goBack : discard}
            aria-label={
              switched ? `Go back to the old one of ${name}` : `Discard new secret of ${name}`
            }
          >
            {switched ? 'Go back to the old one' : 'Discard new secret'}
          </Button>
        </div>
      )}
      <FormError error={error} />
    </div>
  );
}
