/**
 * Where a worker's time goes. At any moment it does one thing: of several trials that it works on at once, what the one does
 * whose activity comes first in the list, since the others wait while it computes.
 */
export const activities = [
  'gradient',
  'evaluate',
  'statistics',
  /** Reading data, building the model, and the proof that it computes what the others compute. */
  'prepare',
  'data wait',
  'push',
  'weight wait',
  'idle',
] as const;

export type Activity = (typeof activities)[number];

export class ActivityClock {
  private readonly trials = new Set<TrialActivity>();
  private readonly past = new Map<Activity, number>();
  private since = performance.now();

  /** For one trial, until it is closed. */
  open(): TrialActivity {
    const trial: TrialActivity = new TrialActivity(
      () => this.charge(),
      () => this.trials.delete(trial),
    );
    this.charge();
    this.trials.add(trial);
    return trial;
  }

  /** By activity, since the process started. */
  seconds(): Record<Activity, number> {
    this.charge();
    const entries = activities.map((activity) => [activity, this.past.get(activity) ?? 0] as const);
    return Object.fromEntries(entries) as Record<Activity, number>;
  }

  /** What has been done until now. */
  private charge(): void {
    const now = performance.now();
    let first = activities.indexOf('idle');
    for (const { activity } of this.trials) first = Math.min(first, activities.indexOf(activity));
    const doing = activities[first] ?? 'idle';
    this.past.set(doing, (this.past.get(doing) ?? 0) + (now - this.since) / 1000);
    this.since = now;
  }
}

/** What a worker does for one trial. */
export class TrialActivity {
  activity: Activity = 'idle';

  constructor(
    /** To be called before anything changes. */
    private readonly changing: () => void,
    private readonly closed: () => void,
  ) {}

  enter(activity: Activity): void {
    this.changing();
    this.activity = activity;
  }

  close(): void {
    this.changing();
    this.closed();
  }
}
