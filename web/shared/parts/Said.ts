import { h, type FunctionalComponent } from 'vue';
import { said } from '../text';

/** Words of a pack: `<Said :of="action" />`; carries lang="zh" where only Chinese is there. */
const Said: FunctionalComponent<{ of: object | undefined | null; member?: string; tag?: string }> = (props) => {
  const words = said(props.of, props.member ?? 'title');
  return h(props.tag ?? 'span', words.lang ? { lang: words.lang } : null, words.text);
};
Said.props = ['of', 'member', 'tag'];
export default Said;
