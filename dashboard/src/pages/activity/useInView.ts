import { useCallback, useRef, useState } from 'react';

/** Whether an element is at or above the fold: true until it has been scrolled past the top. */
export function useInView(): [boolean, (element: HTMLElement | null) => void] {
  const [inView, setInView] = useState(true);
  const observer = useRef<IntersectionObserver>(undefined);
  const ref = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) {
      setInView(true);
      return;
    }
    observer.current = new IntersectionObserver(([entry]) => {
      if (entry) setInView(entry.isIntersecting || entry.boundingClientRect.top > 0);
    });
    observer.current.observe(element);
  }, []);
  return [inView, ref];
}
