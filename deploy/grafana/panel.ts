/** Panels as all our dashboards have them: a title, a sentence that says what is seen, a unit, and queries of Prometheus. */
import * as common from '@grafana/grafana-foundation-sdk/common';
import { DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, QueryEditorMode } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** Units of Grafana. */
export type Unit = 'short' | 's' | 'bytes' | 'Bps' | 'percentunit' | 'ops' | 'watt' | 'celsius' | 'hertz';

export interface Panel {
  title: string;
  description: string;
  unit: Unit;
  /** PromQL by legend. A legend may have labels, as `{{instance}}`. */
  queries: Readonly<Record<string, string>>;
  /** Areas on top of each other, where the parts of a whole are shown. */
  stacked?: boolean;
  /** Values of any size, as objectives are, where nothing is seen on an axis that begins at 0. */
  anySize?: boolean;
}

/** Of what every dashboard asks, chosen by whoever looks. */
const datasource = { type: 'prometheus', uid: '${datasource}' };

export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus');
}

function targets({ queries }: Panel): DataqueryBuilder[] {
  return Object.entries(queries).map(([legend, expr], index) =>
    new DataqueryBuilder()
      .refId(String.fromCodePoint('A'.codePointAt(0)! + index))
      .datasource(datasource)
      .expr(expr)
      .legendFormat(legend)
      .editorMode(QueryEditorMode.Code),
  );
}

/** Two in a row. */
export function curves(panel: Panel): TimeseriesBuilder {
  const builder = new TimeseriesBuilder()
    .title(panel.title)
    .description(panel.description)
    .unit(panel.unit)
    .datasource(datasource)
    .span(12)
    .height(8)
    .fillOpacity(panel.stacked ? 40 : 0)
    .showPoints(common.VisibilityMode.Never);
  if (!panel.anySize) builder.min(0);
  if (panel.stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  for (const target of targets(panel)) builder.withTarget(target);
  return builder;
}

/** Four in a row. */
export function number(panel: Panel): StatBuilder {
  const builder = new StatBuilder()
    .title(panel.title)
    .description(panel.description)
    .unit(panel.unit)
    .datasource(datasource)
    .span(6)
    .height(4)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  for (const target of targets(panel)) builder.withTarget(target);
  return builder;
}
