// A provider of one's own as it is edited: everything as the text that was typed.
import type {
  Capability,
  CustomModel,
  CustomProvider,
  NewCustomModel,
  Protocol,
} from '@/api/customProviders';

export const CAPABILITIES: Capability[] = [
  'streaming',
  'tools',
  'vision',
  'json_output',
  'json_output_schema',
  'reasoning',
  'embeddings',
];
const USUAL: Capability[] = ['streaming', 'tools', 'json_output', 'json_output_schema'];

export type ModelDraft = {
  /** Of the row, for as long as it is edited. */
  key: number;
  upstream_id: string;
  id: string;
  name: string;
  context: string;
  max_output: string;
  input: string;
  output: string;
  cached_input: string;
  capabilities: Capability[];
};

export type Draft = {
  slug: string;
  name: string;
  protocol: Protocol;
  base_url: string;
  secret: string;
  models: ModelDraft[];
};

let keys = 0;

export const newModel = (upstream_id = '', context: number | null = null): ModelDraft => ({
  key: ++keys,
  upstream_id,
  id: '',
  name: '',
  context: context === null ? '' : String(context),
  max_output: '',
  input: '',
  output: '',
  cached_input: '',
  capabilities: USUAL,
});

/** The same model at the same place is the same row each time it is read. */
const modelDraft = (model: CustomModel, place: number): ModelDraft => ({
  key: -1 - place,
  upstream_id: model.upstream_id,
  id: model.id === model.upstream_id ? '' : model.id,
  name: model.name === model.id ? '' : model.name,
  context: String(model.context ?? ''),
  max_output: String(model.max_output ?? ''),
  input: model.price_per_million.input,
  output: model.price_per_million.output,
  cached_input: model.price_per_million.cached_input ?? '',
  capabilities: model.capabilities,
});

export const draftOf = (provider: CustomProvider): Draft => ({
  slug: provider.slug,
  name: provider.name,
  protocol: provider.protocol,
  base_url: provider.base_url,
  secret: '',
  models: provider.models.map(modelDraft),
});

const number = (text: string) => (text.trim() ? Number(text) : null);
const price = (text: string) => text.trim() || null;

export const modelsOf = (models: ModelDraft[]): NewCustomModel[] =>
  models.map((model) => ({
    upstream_id: model.upstream_id.trim(),
    id: model.id.trim() || null,
    name: model.name.trim() || null,
    context: number(model.context),
    max_output: number(model.max_output),
    capabilities: model.capabilities,
    price_per_million: {
      input: price(model.input),
      output: price(model.output),
      cached_input: price(model.cached_input),
    },
  }));

export const PRESETS: {
  value: string;
  label: string;
  slug: string;
  protocol: Protocol;
  base_url: string;
}[] = [
  {
    value: 'ollama',
    label: 'Ollama',
    slug: 'my-ollama',
    protocol: 'openai',
    base_url: 'http://localhost:11434/v1',
  },
  {
    value: 'vllm',
    label: 'vLLM',
    slug: 'my-vllm',
    protocol: 'openai',
    base_url: 'http://localhost:8000/v1',
  },
  {
    value: 'lm-studio',
    label: 'LM Studio',
    slug: 'my-lm-studio',
    protocol: 'openai',
    base_url: 'http://localhost:1234/v1',
  },
  {
    value: 'openai',
    label: 'Other, OpenAI-compatible',
    slug: '',
    protocol: 'openai',
    base_url: '',
  },
  {
    value: 'anthropic',
    label: 'Other, Anthropic-compatible',
    slug: '',
    protocol: 'anthropic',
    base_url: '',
  },
];

/** Does the address lead to the machine or network that doteb runs in? */
export const isPrivate = (url: string) =>
  /^https?:\/\/(localhost|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|\[(::1|f[cd]|fe80))/i.test(
    url,
  );

/** Where requests will go. */
export const target = ({ base_url, protocol }: Pick<Draft, 'base_url' | 'protocol'>) =>
  base_url.replace(/\/+$/, '') + (protocol === 'anthropic' ? '/messages' : '/chat/completions');
