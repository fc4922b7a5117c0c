/** From a description of a plot to an SVG file of it, without a browser. It knows no sweep. */
import { init, type EChartsOption } from 'echarts';
import { plainText } from './plain-text.js';

export interface Size {
  width: number;
  height: number;
}

/** Few, so that the page can replace them where the reader prefers a dark one. */
export const colours = {
  paper: '#ffffff',
  ink: '#333333',
  soft: '#767676',
  line: '#dddddd',
  point: '#5b8ec9',
  box: '#e3ecf7',
  best: '#c8352b',
  /** From the worst to the best. */
  scale: ['#c5ccd8', '#8fb4de', '#3f7fc4', '#7b3fa0', '#d6336c'],
} as const;

/**
 * `id` begins the identifiers within, so that many plots can stand in one page. `label` is what is read out instead of the
 * picture. Equal for equal descriptions, whatever was drawn before.
 */
export function renderPlot(id: string, label: string, size: Size, option: EChartsOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({
      ...{ animation: false, backgroundColor: colours.paper },
      ...{ textStyle: { fontFamily: 'sans-serif', color: colours.ink }, ...option },
    });
    return cleaned(chart.renderToSVGString(), id, label);
  } finally {
    chart.dispose();
  }
}

/** Only what stands within tags is changed; in texts there is neither `<` nor a quotation mark, the library escapes both. */
function cleaned(svg: string, id: string, label: string): string {
  const attribute = plainText(label).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  return svg
    .replaceAll(/<style\s*>[^]*?<\/style>\n?/g, '')
    .replaceAll(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replaceAll(/(?<=(?:id|href)="#?|url\(#)zr\d+-/g, `${id}-`)
    .replaceAll(/\n+/g, '\n')
    .replace(/^<svg /, `<svg role="img" aria-label="${attribute}" `)
    .trim();
}
