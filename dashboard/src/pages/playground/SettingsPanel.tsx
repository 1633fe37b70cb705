import type { ReactNode } from 'react';
import { useNarrow } from '@/lib/media';
import { cx } from '@/ui/cx';
import { Field, inputClass } from '@/ui/Field';
import { EFFORTS, type Faults, type Settings } from './body';
import css from './Settings.module.css';

type Props = {
  settings: Settings;
  faults: Faults;
  onChange: (part: Partial<Settings>) => void;
  children: ReactNode;
};

/** Beside the conversation; on a narrow screen above it, folded. `children` come first. */
export function SettingsPanel({ settings, faults, onChange, children }: Props) {
  const narrow = useNarrow();
  const fields = <Fields settings={settings} faults={faults} onChange={onChange} />;
  return (
    <aside className={css.panel} aria-label="Settings">
      {children}
      {narrow ? (
        <details>
          <summary className={css.summary}>Settings</summary>
          {fields}
        </details>
      ) : (
        fields
      )}
    </aside>
  );
}

function Fields({ settings, faults, onChange }: Omit<Props, 'children'>) {
  const area = (name: 'system' | 'tools' | 'schema', label: string, placeholder: string) => (
    <Field label={label} error={faults[name]}>
      {(control) => (
        <textarea
          {...control}
          className={cx(inputClass, css.area, name !== 'system' && css.code)}
          rows={name === 'system' ? 3 : 4}
          spellCheck={name === 'system'}
          placeholder={placeholder}
          value={settings[name]}
          onChange={(event) => onChange({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
  const line = (name: 'temperature' | 'maxTokens', label: string) => (
    <Field label={label} error={faults[name]}>
      {(control) => (
        <input
          {...control}
          className={inputClass}
          inputMode="decimal"
          placeholder="Default"
          maxLength={8}
          value={settings[name]}
          onChange={(event) => onChange({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
  return (
    <>
      {area('system', 'System prompt', 'You are…')}
      <div className={css.pair}>
        {line('temperature', 'Temperature')}
        {line('maxTokens', 'Max tokens')}
      </div>
      <Field label="Reasoning effort">
        {(control) => (
          <select
            {...control}
            className={inputClass}
            value={settings.effort}
            onChange={(event) => onChange({ effort: event.target.value })}
          >
            <option value="">Default</option>
            {EFFORTS.map((effort) => (
              <option key={effort}>{effort}</option>
            ))}
          </select>
        )}
      </Field>
      {area('tools', 'Tools (JSON)', '[{"name": "weather", "parameters": {…}}]')}
      {area('schema', 'Answer as JSON schema', '{"type": "object", "properties": {…}}')}
    </>
  );
}
