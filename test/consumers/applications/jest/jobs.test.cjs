const { testJobStore } = require('reelwire/jobs/testing');

const RANKS = ['submitting', 'refused', 'submitted', 'completed', 'failed'];
const ENDS = ['completed', 'failed'];
const copyOf = (record) => record && JSON.parse(JSON.stringify(record));

/** As somebody would write a store of their own, in memory. */
class Store {
  #records = new Map();

  async add(record) {
    const there = this.#records.get(record.key);
    if (there === undefined || there.state === 'refused') this.#records.set(record.key, copyOf(record));
    return this.get(record.key);
  }
  async put(record) {
    const there = this.#records.get(record.key);
    if (there?.idempotencyKey !== record.idempotencyKey || ENDS.includes(there.state)) return;
    if (RANKS.indexOf(record.state) < RANKS.indexOf(there.state)) return;
    if (there.jobId !== undefined && there.jobId !== record.jobId) return;
    this.#records.set(record.key, copyOf(record));
  }
  async get(key) {
    return copyOf(this.#records.get(key));
  }
  async delete(key) {
    this.#records.delete(key);
  }
  async *list({ group, open } = {}) {
    for (const record of [...this.#records.values()]) {
      if (group !== undefined && record.group !== group) continue;
      if (open && !['submitting', 'submitted'].includes(record.state)) continue;
      yield copyOf(record);
    }
  }
}

const store = new Store();
testJobStore(() => store, { test });
