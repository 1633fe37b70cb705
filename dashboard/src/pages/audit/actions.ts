/** What the log's actions are called: a thing and what was done to it. */
export const THINGS: Record<string, string> = {
  session: 'Sign-ins',
  account: 'Accounts',
  organisation: 'Organisation',
  project: 'Projects',
  member: 'Members',
  invitation: 'Invitations',
  api_key: 'API keys',
  signing_key: 'AWS credentials',
  provider_key: 'Provider keys',
  custom_provider: 'Custom providers',
  management_token: 'Management tokens',
  view: 'Saved views',
  master_key: 'Master key',
  admin: 'Operators',
  catalogue: 'Catalogue',
  instance: 'Instance',
};

const WORDS: Record<string, string> = {
  'session.create': 'Signed in',
  'session.end': 'Signed out',
  'session.end_others': 'Signed out everywhere else',
  'account.ask': 'Asked for an account',
  'account.create': 'Made an account',
  'account.update': 'Changed the name of',
  'account.delete': 'Deleted the account',
  'account.ask_reset': 'Asked for a new password',
  'account.reset_password': 'Chose a new password after forgetting it',
  'account.change_password': 'Changed the password',
  'account.ask_email': 'Asked for another address',
  'account.change_email': 'Changed the address of',
  'account.begin_second_factor': 'Began to set up two-step sign-in',
  'account.second_factor_on': 'Turned two-step sign-in on for',
  'account.second_factor_off': 'Turned two-step sign-in off for',
  'account.new_recovery_codes': 'Made new recovery codes',
  'account.ask_passkey': 'Asked for a passkey',
  'account.add_passkey': 'Added the passkey',
  'account.rename_passkey': 'Renamed the passkey',
  'account.remove_passkey': 'Removed the passkey',
  'organisation.create': 'Created the organisation',
  'organisation.update': 'Renamed the organisation',
  'organisation.archive': 'Archived the organisation',
  'project.create': 'Created project',
  'project.update': 'Changed project',
  'member.update': 'Changed the role of',
  'member.remove': 'Removed member',
  'invitation.create': 'Invited',
  'invitation.resend': 'Made a new link for',
  'invitation.revoke': 'Revoked the invitation of',
  'invitation.accept': 'Accepted the invitation',
  'api_key.create': 'Created API key',
  'api_key.update': 'Changed API key',
  'api_key.rotate': 'Rotated API key',
  'api_key.revoke': 'Revoked API key',
  'signing_key.create': 'Created AWS credentials',
  'signing_key.revoke': 'Revoked AWS credentials',
  'management_token.create': 'Created management token',
  'management_token.revoke': 'Revoked management token',
  'view.create': 'Saved view',
  'view.update': 'Changed view',
  'view.delete': 'Deleted view',
  'master_key.rotate': 'Changed the master key',
  'admin.recover': 'Let in again',
  'provider_key.create': 'Added provider key',
  'provider_key.update': 'Changed provider key',
  'provider_key.delete': 'Deleted provider key',
  'provider_key.order': 'Ordered provider keys',
  'custom_provider.create': 'Added custom provider',
  'custom_provider.update': 'Changed custom provider',
  'custom_provider.delete': 'Deleted custom provider',
  'provider_key.check': 'Checked provider key',
  'provider_key.start_rotation': 'Began to exchange a provider key’s secret',
  'provider_key.switch_rotation': 'Switched to a provider key’s new secret',
  'provider_key.confirm_rotation': 'Wiped a provider key’s old secret',
  'provider_key.end_rotation': 'Gave up or took back a provider key’s new secret',
  'admin.create': 'Made an operator of',
  'catalogue.import': 'Imported a catalogue',
  'catalogue.override': 'Changed the offer',
  'catalogue.switch': 'Switched model',
  'catalogue.upload': 'Gave the catalogue a file',
  'catalogue.preview': 'Looked at a file for the catalogue',
  'catalogue.feed': 'Changed the catalogue’s feed',
  'catalogue.fetch': 'Fetched the catalogue’s feed',
  'organisation.lend': 'Lent the platform’s keys to the organisation',
  'organisation.withdraw': 'Lent the platform’s keys no longer',
  'organisation.suspend': 'Suspended the organisation',
  'organisation.resume': 'Let the organisation go on',
  'instance.update': 'Changed the instance’s settings',
};

/** An action that this page does not know yet is shown as it is. */
export const actionWords = (action: string) => WORDS[action] ?? action;

type Thing = Record<string, unknown> | null;

// Changes that have a word of their own, by the field that tells: set, and taken away.
const SWITCHES: [field: string, set: string, unset: string][] = [
  ['archived_at', 'Archived', 'Brought back'],
  ['disabled_at', 'Disabled', 'Enabled'],
];

/** What an entry says was done. */
export function entryWords(entry: { action: string; before: Thing; after: Thing }): string {
  const words = actionWords(entry.action);
  const { before, after } = entry;
  if (!before || !after || !words.startsWith('Changed ')) return words;
  for (const [field, set, unset] of SWITCHES) {
    if (!before[field] === !after[field]) continue;
    return words.replace('Changed', after[field] ? set : unset);
  }
  return words;
}

export type Change = { field: string; before: string | undefined; after: string | undefined };

function flat(thing: Thing, lead = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of Object.entries(thing ?? {})) {
    if (value === null || value === '') continue;
    if (typeof value === 'object' && !Array.isArray(value)) {
      for (const [inner, text] of flat(value as Thing, `${lead}${name}.`)) out.set(inner, text);
    } else {
      out.set(lead + name, typeof value === 'string' ? value : JSON.stringify(value));
    }
  }
  return out;
}

/** The fields that differ; of what was made or ended, all that it had. */
export function changes(before: Thing, after: Thing): Change[] {
  const was = flat(before);
  const is = flat(after);
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((field) => ({ field, before: was.get(field), after: is.get(field) }))
    .filter(({ before: a, after: b }) => a !== b);
}
