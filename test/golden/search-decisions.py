"""Makes search-decisions.json: random histories of successive halving, Hyperband and ASHA with every decision on them.

    python search-decisions.py > search-decisions.json

A plain reading of the papers' pseudo-code (Li et al. 2018, table 1 and algorithm 1; Li et al. 2020, algorithms 1 and 2): it
keeps all results in one dictionary and sorts whole rungs anew. Histories have values that tie, values that are not
numbers (n), reports that come late or twice, trials that fail, and for ASHA workers that ask at any time.

A history is one line of words:

    q            a worker asks                 r3@9=2    trial 3 reports the value 2 at step 9
    x3           trial 3 has finished          f3        trial 3 has failed
    !            the event before is ignored   +4*2/1@9  create trials 4 and 5 in bracket 1, until step 9
    p3           pause                         ^3>1@9#2/6  promote trial 3, second of six, to rung 1, until step 9
    -3:rank#5/6  stop, fifth of six            -3:notFinite  stop, for another reason
"""

import json
import math
import random

NAN = "n"


def better_first(direction):
    def key(item):
        trial, value = item
        if value == NAN:
            return (1, 0, trial)
        return (0, -value if direction == "maximise" else value, trial)

    return key


def top(results, count, direction):
    """The best `count` of {trial: value}; who has no number is not among them."""
    ranked = sorted(results.items(), key=better_first(direction))
    return [(trial, value) for trial, value in ranked[:count] if value != NAN]


def place(results, trial, direction):
    ranked = sorted(results.items(), key=better_first(direction))
    return f"#{[t for t, _ in ranked].index(trial) + 1}/{len(ranked)}"


def lengths(shortest, longest, eta):
    s_max = 0
    while shortest * eta ** (s_max + 1) <= longest:
        s_max += 1
    return [math.floor(longest / eta ** (s_max - i) + 0.5) for i in range(s_max + 1)]


class Halving:
    """Algorithm 1 for each bracket: (first trial, n, lengths of its rungs)."""

    def __init__(self, brackets, eta, direction):
        self.brackets, self.eta, self.direction = brackets, eta, direction
        self.results = {}
        self.alive = {}
        self.over = set()
        self.at = {}

    def begin(self):
        words = []
        for number, (first, n, steps) in enumerate(self.brackets):
            self.alive[number, 0] = list(range(first, first + n))
            self.at.update({trial: (number, 0) for trial in range(first, first + n)})
            words.append(f"+{first}*{n}/{number}@{steps[0]}")
        return words

    def ask(self):
        return []

    def until(self, trial):
        number, rung = self.at[trial]
        return self.brackets[number][2][rung]

    def result(self, trial, value, died):
        number, rung = self.at[trial]
        _, n, steps = self.brackets[number]
        self.results[number, rung, trial] = value
        if died:
            self.over.add(trial)
        if rung == len(steps) - 1:
            return []
        words = [] if died else [f"p{trial}"]
        members = self.alive[number, rung]
        if any((number, rung, member) not in self.results for member in members):
            return words
        losses = {member: self.results[number, rung, member] for member in members}
        chosen = [t for t, _ in top(losses, n // self.eta ** (rung + 1), self.direction)]
        self.alive[number, rung + 1] = chosen
        for member in chosen:
            self.at[member] = (number, rung + 1)
            words.append(f"^{member}>{rung + 1}@{steps[rung + 1]}{place(losses, member, self.direction)}")
        ordered = [t for t, _ in sorted(losses.items(), key=better_first(self.direction))]
        for member in ordered:
            if member not in chosen and member not in self.over:
                self.over.add(member)
                words.append(f"-{member}:rank{place(losses, member, self.direction)}")
        return words


class Asha:
    """Algorithm 2, with s = 0 and at most n trials."""

    def __init__(self, n, steps, eta, direction):
        self.n, self.steps, self.eta, self.direction = n, steps, eta, direction
        self.rungs = [{} for _ in steps]
        self.promoted = [set() for _ in steps]
        self.at = {}
        self.over = set()
        self.running = set()
        self.asking = 0

    def begin(self):
        return []

    def until(self, trial):
        return self.steps[self.at[trial]]

    def promotable(self):
        for k in range(len(self.steps) - 2, -1, -1):
            candidates = top(self.rungs[k], len(self.rungs[k]) // self.eta, self.direction)
            left = [t for t, _ in candidates if t not in self.promoted[k] and t not in self.over]
            if left:
                return left[0], k
        return None

    def get_job(self):
        found = self.promotable()
        if found:
            trial, k = found
            self.promoted[k].add(trial)
            self.at[trial] = k + 1
            self.running.add(trial)
            return f"^{trial}>{k + 1}@{self.steps[k + 1]}{place(self.rungs[k], trial, self.direction)}"
        if len(self.at) < self.n:
            trial = len(self.at)
            self.at[trial] = 0
            self.running.add(trial)
            return f"+{trial}*1/0@{self.steps[0]}"
        return None

    def serve(self):
        words = []
        while self.asking > 0:
            job = self.get_job()
            if job is None:
                break
            self.asking -= 1
            words.append(job)
        if len(self.at) == self.n and not self.running and not self.promotable():
            rest = [t for t in sorted(self.at) if t not in self.over]
            self.over.update(rest)
            words += [f"-{t}:unpromoted" for t in rest]
        return words

    def ask(self):
        self.asking += 1
        return self.serve()

    def result(self, trial, value, died):
        rung = self.at[trial]
        self.rungs[rung][trial] = value
        if died:
            self.over.add(trial)
            self.running.discard(trial)
        words = []
        if rung < len(self.steps) - 1 and not died:
            self.running.discard(trial)
            words.append(f"p{trial}")
        return words + self.serve()

    def finished(self, trial):
        self.over.add(trial)
        self.running.discard(trial)
        return self.serve()


def hyperband_brackets(shortest, longest, eta):
    steps = lengths(shortest, longest, eta)
    s_max = len(steps) - 1
    brackets, first = [], 0
    for s in range(s_max, -1, -1):
        n = (s_max + 1) // (s + 1) * eta**s
        brackets.append((first, n, steps[s_max - s :]))
        first += n
    return brackets


def history(rng):
    method = rng.choice(["successiveHalving", "hyperband", "asha", "asha"])
    direction = rng.choice(["maximise", "minimise"])
    eta = rng.choice([2, 3, 4]) if method != "hyperband" else rng.choice([2, 3])
    shortest = rng.choice([1, 1, 2])
    longest = shortest * eta ** rng.choice([1, 2]) + rng.choice([0, 0, 1])
    steps = lengths(shortest, longest, eta)
    if method == "hyperband":
        longest = shortest * eta ** (2 if eta == 2 else 1)
        brackets = hyperband_brackets(shortest, longest, eta)
        reference = Halving(brackets, eta, direction)
        trials = sum(n for _, n, _ in brackets)
    elif method == "asha":
        trials = rng.randint(eta, 12)
        reference = Asha(trials, steps, eta, direction)
    else:
        trials = eta ** (len(steps) - 1) + rng.randint(0, 4)
        reference = Halving([(0, trials, steps)], eta, direction)

    log, step, state = [], {}, {}

    def follow(words):
        log.extend(words)
        for word in words:
            if word[0] == "+":
                first, count = word[1:].split("/")[0].split("*")
                state.update({t: "running" for t in range(int(first), int(first) + int(count))})
                step.update({t: 0 for t in range(int(first), int(first) + int(count))})
            elif word[0] == "^":
                state[int(word[1:].split(">")[0])] = "running"
            elif word[0] == "p":
                state[int(word[1:])] = "paused"
            else:
                state[int(word[1:].split(":")[0])] = "over"

    def ignored_report():
        """Of a trial that is over or waits: late; of one that runs: what it has reported before."""
        known = [t for t in state if step[t] > 0]
        if known:
            trial = rng.choice(known)
            late = step[trial] + (0 if state[trial] == "running" else rng.choice([0, 1]))
            log.append(f"r{trial}@{late}={rng.randint(0, 5)}")
            log.append("!")

    def report(trial):
        until = reference.until(trial)
        step[trial] = rng.randint(step[trial] + 1, until)
        value = NAN if rng.random() < 0.08 else rng.randint(0, 5)
        log.append(f"r{trial}@{step[trial]}={value}")
        if value == NAN:
            log.append(f"-{trial}:notFinite")
            state[trial] = "over"
            follow(reference.result(trial, NAN, True))
        elif step[trial] == until:
            last = until == longest
            follow(reference.result(trial, value, False))
            if last:
                state[trial] = "done"

    follow(reference.begin())
    workers = rng.randint(1, 6)
    while True:
        running = [t for t in state if state[t] == "running"]
        done = [t for t in state if state[t] == "done"]
        asking = getattr(reference, "asking", 0)
        mayAsk = method == "asha" and len(running) + len(done) + asking < workers and not all_over(state, trials)
        actions = ["report"] * 8 * bool(running) + ["finish"] * 4 * bool(done) + ["ask"] * 6 * mayAsk
        if not actions:
            break
        action = rng.choice(actions)
        if rng.random() < 0.05:
            ignored_report()
        if action == "ask":
            log.append("q")
            follow(reference.ask())
        elif action == "finish":
            trial = rng.choice(done)
            log.append(f"x{trial}")
            state[trial] = "over"
            if method == "asha":
                follow(reference.finished(trial))
        elif rng.random() < 0.03:
            trial = rng.choice(running)
            log.append(f"f{trial}")
            state[trial] = "over"
            follow(reference.result(trial, NAN, True))
        else:
            report(rng.choice(running))
    options = {"method": method, "direction": direction, "eta": eta, "min": shortest, "max": longest, "trials": trials}
    return {**options, "log": " ".join(log)}


def all_over(state, trials):
    return len(state) == trials and all(s == "over" for s in state.values())


def main():
    rng = random.Random(20180417)
    histories = [history(rng) for _ in range(1200)]
    body = ",\n".join(json.dumps(each) for each in histories)
    print('{"seed": 20180417, "histories": [\n' + body + "\n]}")


main()
