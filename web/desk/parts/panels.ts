// What lies over the page when it is asked for: fetched once the page stands, so that it is there without a network too.
export { default as Palette } from './Palette.vue';
export { default as KeySheet } from './KeySheet.vue';
export { default as SignInPanel } from './SignInPanel.vue';
