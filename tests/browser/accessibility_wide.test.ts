import { testViews } from './lib/accessible.ts';

testViews({ width: 1440, height: 900 });
