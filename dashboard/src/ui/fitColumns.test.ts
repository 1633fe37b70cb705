import { expect, test } from 'vitest';
import { fitColumns } from './fitColumns';

const columns = [
  { width: 'minmax(160px, 2fr)' },
  { width: '120px', drop: 1 },
  { width: 'minmax(84px, 120px)', drop: 2 },
  { width: '104px' },
];

test('columns go in their order, until the others fit', () => {
  for (const [room, shown] of [
    [468, [true, true, true, true]],
    [467, [true, true, false, true]],
    [384, [true, true, false, true]],
    [383, [true, false, false, true]],
    [264, [true, false, false, true]],
    [263, undefined],
  ] as const) {
    expect(fitColumns(columns, room), `${room} px`).toEqual(shown);
  }
});
