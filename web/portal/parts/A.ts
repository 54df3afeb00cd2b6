import { h, type FunctionalComponent } from 'vue';
import { go, href } from '../router';
/** A link inside the portal: a real address, and no reload where a click is plain. */
const A: FunctionalComponent<{ to: string }> = (props, { slots, attrs }) => h('a', {
  ...attrs, href: href(props.to),
  onClick: (event: MouseEvent) => { if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; event.preventDefault(); go(props.to); },
}, slots.default?.());
A.props = ['to'];
export default A;
