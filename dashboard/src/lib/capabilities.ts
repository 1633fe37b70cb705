// What a model can, as people say it.

const NAMES: Record<string, string> = {
  vision: 'Images',
  json_output: 'JSON',
  json_output_schema: 'JSON schema',
  responses_api: 'Responses API',
};

/** Catalogues may name what is not known here: its words, then. */
export function capabilityName(capability: string): string {
  const words = capability.replaceAll('_', ' ');
  return NAMES[capability] ?? words.charAt(0).toUpperCase() + words.slice(1);
}
