import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', { origin: 'http://dashboard.test' });
const { follows } = await import('./change');
const queries = await import('./queries');
const settings = await import('./settings');
const { customImpactQuery, customProvidersQuery } = await import('./customProviders');
const { managementTokensQuery } = await import('./managementTokens');
const { viewsQuery } = await import('./views');
const { analyticsQuery, failuresQuery } = await import('./analytics');

const followsChangeOf = (org: string, { queryKey }: { queryKey: readonly unknown[] }) =>
  follows(org, queryKey);

test.each([
  ['API keys', queries.apiKeysQuery('o', 'p', 'active')],
  ['AWS credentials', queries.signingKeysQuery('o', 'p', 'k')],
  ['provider keys', queries.providerKeysQuery('o')],
  ['custom providers', customProvidersQuery('o')],
  ['projects', settings.projectsQuery('o', 'active')],
  ['members', settings.membersQuery('o')],
  ['invitations', settings.invitationsQuery('o')],
  ['the organisation', settings.organisationQuery('o')],
  ['the audit log', settings.auditQuery('o', {})],
  ['management tokens', managementTokensQuery('o')],
  ['saved views', viewsQuery('o')],
])('a change makes old: %s', (_, query) => {
  expect(followsChangeOf('o', query)).toBe(true);
  expect(followsChangeOf('another', query)).toBe(false);
});

test.each([
  ['the request log', queries.requestsQuery('o', {})],
  ['a request', queries.requestQuery('o', 'r')],
  ['usage', queries.usageQuery('o', {})],
  ['analytics', analyticsQuery('o', { measures: [] })],
  ['failures', failuresQuery('o', {}, undefined)],
  ['what deleting hits', customImpactQuery('o', 'c')],
  ['the catalogue', queries.modelsQuery],
  ['the session', queries.sessionQuery],
])('a change leaves: %s', (_, query) => {
  expect(followsChangeOf('o', query)).toBe(false);
});
