// Stands for react-remove-scroll (see vite.config.ts). Modal dialogs hold the page still by CSS.
export { Fragment as RemoveScroll } from 'react';
