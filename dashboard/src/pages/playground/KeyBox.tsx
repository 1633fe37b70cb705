import { KeyRound } from 'lucide-react';
import { type RefObject, useState } from 'react';
import { useMakeHourKey } from '@/api/playground';
import { useRevokeApiKey } from '@/api/queries';
import { mayWrite, useScope } from '@/frame/scope';
import type { PlaygroundKey } from '@/lib/playgroundKey';
import { Button } from '@/ui/Button';
import { Field, inputClass } from '@/ui/Field';
import { FormError } from '@/ui/Notice';
import css from './Settings.module.css';

/** The user's own key: pasted, or made for an hour. */
export function KeyBox({
  apiKey,
  onKey,
  wanted,
  field,
}: {
  apiKey: PlaygroundKey | null;
  onKey: (key: PlaygroundKey | null) => void;
  /** Something was sent without one. */
  wanted: boolean;
  field: RefObject<HTMLInputElement | null>;
}) {
  const { org, project } = useScope();
  const inProject = project ?? org.projects[0];
  const make = useMakeHourKey(org.id);
  const revoke = useRevokeApiKey(org.id, apiKey?.made?.project ?? '');
  const [pasted, setPasted] = useState('');
  if (apiKey) {
    const { made, secret } = apiKey;
    const forget = () => {
      if (made) revoke.mutate({ id: made.id });
      onKey(null);
    };
    return (
      <div className={css.key}>
        <KeyRound size={15} aria-hidden="true" />
        <p>
          Key <code>…{secret.slice(-4)}</code>
          {made && `, until ${time.format(new Date(made.expiresAt))}`}
        </p>
        <Button size="small" onClick={forget}>
          {made ? 'Revoke' : 'Forget'}
        </Button>
      </div>
    );
  }
  return (
    <form
      className={css.keyForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (pasted.trim()) onKey({ secret: pasted.trim(), made: null });
        setPasted('');
      }}
    >
      <Field
        label="API key"
        hint="It stays in this tab. What you send is charged to it."
        error={wanted && !pasted ? 'Paste a key or make one first.' : undefined}
      >
        {(control) => (
          <input
            {...control}
            ref={field}
            className={inputClass}
            type="password"
            placeholder="sk-doteb-…"
            autoComplete="off"
            spellCheck={false}
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
          />
        )}
      </Field>
      <div className={css.keyActions}>
        <Button type="submit" size="small" disabled={!pasted.trim()}>
          Use this key
        </Button>
        {mayWrite(org, 'developer') && inProject && (
          <Button
            size="small"
            look={pasted ? 'secondary' : 'primary'}
            disabled={make.isPending}
            title={`In the project ${inProject.name}; it expires by itself`}
            onClick={() =>
              make.mutate(inProject.id, {
                onSuccess: ({ id, key, expires_at }) =>
                  onKey({
                    secret: key,
                    made: { id, project: inProject.id, expiresAt: expires_at ?? '' },
                  }),
              })
            }
          >
            Make a key for an hour
          </Button>
        )}
      </div>
      <FormError error={make.error} />
    </form>
  );
}

const time = new Intl.DateTimeFormat('en-US', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
