import { testViews } from './lib/accessible.ts';

testViews({ width: 360, height: 740 });
