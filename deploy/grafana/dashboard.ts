/** The dashboards, as Grafana imports them: made of sections of panels, for any Prometheus and any names of jobs. */
import {
  DashboardBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { cluster } from './cluster.js';
import { curves, datasourceVariable, number, type Panel } from './panel.js';
import { sweep } from './sweep.js';
import { training } from './training.js';

export interface Section {
  title: string;
  numbers: readonly Panel[];
  curves: readonly Panel[];
}

/** The sweeps that have series, by name. Labels come in the order of the alphabet. */
function sweepVariable(): QueryVariableBuilder {
  return new QueryVariableBuilder('sweep')
    .label('Sweep')
    .datasource({ type: 'prometheus', uid: '${datasource}' })
    .query('query_result(polyak_sweep_info)')
    .regex('/name="(?<text>[^"]*)".*sweep="(?<value>[^"]*)"/')
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .includeAll(true)
    .multi(true);
}

function build(name: string, description: string, sections: readonly Section[]): DashboardBuilder {
  const builder = new DashboardBuilder(`Polyak: ${name}`)
    .uid(`polyak-${name}`)
    .description(description)
    .tags(['polyak'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .withVariable(datasourceVariable());
  for (const section of sections) {
    builder.withRow(new RowBuilder(section.title));
    for (const panel of section.numbers) builder.withPanel(number(panel));
    for (const panel of section.curves) builder.withPanel(curves(panel));
  }
  return builder;
}

/** By the name of their file. */
export function dashboards(): Record<'cluster' | 'training' | 'sweep', Dashboard> {
  return {
    cluster: build('cluster', 'Who is there, what waits, and how the processes are.', cluster).build(),
    training: build('training', 'How fast is trained, where the time goes, and what is in danger.', training).build(),
    sweep: build('sweep', 'One sweep: its curves, its trials, and what it has spent.', sweep)
      .withVariable(sweepVariable())
      .build(),
  };
}
