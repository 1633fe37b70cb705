import { Activity, KeyRound, Plug } from 'lucide-react';
import { createContext, useContext } from 'react';

/** The pages there are, in the order of the rail. */
export const PAGES = [
  { to: '/o/$org/activity', label: 'Activity', group: '', icon: Activity },
  { to: '/o/$org/api-keys', label: 'API keys', group: '', icon: KeyRound },
  { to: '/o/$org/provider-keys', label: 'Provider keys', group: 'Settings', icon: Plug },
] as const;

export const PaletteContext = createContext<() => void>(() => {});
export const useOpenPalette = () => useContext(PaletteContext);
