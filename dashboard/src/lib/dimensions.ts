// What analytics can group by: as the API names it, in the order of the menus.
export const DIMENSIONS = [
  'model',
  'provider',
  'api_key',
  'project',
  'user',
  'outcome',
  'tag',
  'end_user',
  'source',
] as const;
