import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The CSP is default-src 'self': nothing may be inlined as a data: URL, and no polyfill script.
export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      '@': source('./src'),
      // Radix's scroll lock injects a style element, which the CSP forbids; none of ours uses it.
      'react-remove-scroll': source('./src/lib/noRemoveScroll.ts'),
    },
  },
  build: {
    // light-dark(), :has() and oklch() as they are.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/api': process.env.DOTEB_CONTROL_URL ?? 'http://127.0.0.1:4002' },
  },
});
