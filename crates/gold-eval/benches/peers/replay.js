// A promptfoo provider that answers each test from a file of predictions, by the test's variable `id`.
const fs = require('fs');

module.exports = class Replay {
  constructor(options) {
    this.label = options.label;
    const lines = fs.readFileSync(options.config.file, 'utf8').split('\n').filter(Boolean);
    this.answers = new Map(lines.map((line) => JSON.parse(line)).map((row) => [row.id, row.answer]));
  }

  id() {
    return this.label;
  }

  async callApi(prompt, context) {
    const output = this.answers.get(context.vars.id);
    return output === undefined ? { error: `no answer to ${context.vars.id}` } : { output };
  }
};
