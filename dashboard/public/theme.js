// Runs before the first paint, so that a chosen theme does not flash; src/lib/theme.ts sets it later.
try {
  const theme = localStorage.getItem('doteb.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be off; the system's theme holds then.
}
