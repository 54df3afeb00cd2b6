// Pages and parts that are loaded when first needed. A chunk that does not come because the network is away is asked
// for again when it is back; one that is gone for good (a newer version is served) fails after some tries.
import { defineAsyncComponent, type Component } from 'vue';
import { whenOnline } from '@shared/api';

export const lazy = (loader: () => Promise<{ default: Component }>) =>
  defineAsyncComponent({
    loader,
    onError: (_, retry, fail, tries) => { if (tries > 5 && navigator.onLine) fail(); else setTimeout(() => void whenOnline().then(retry), 600 * Math.min(tries, 5)); },
  });
