// run.mjs DATA OURS.json RULES: other engines on the table of so many rules and the inputs in DATA (rules.json,
// inputs.jsonl, expected.jsonl), FIRST and COLLECT, every answer checked. CPU time of the process, best of several rounds.
import { existsSync, readFileSync } from 'node:fs'
import { ZenEngine } from '@gorules/zen-engine'
import { Environment } from '@marcbachmann/cel-js'
import jsonLogic from 'json-logic-js'

const [data, oursFile, count = '12'] = process.argv.slice(2)
const rules = JSON.parse(readFileSync(`${data}/rules.json`, 'utf8'))
const readLines = (name) => readFileSync(`${data}/${name}`, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
const cases = count === '12' ? 2000 : 200
const inputs = readLines('inputs.jsonl').slice(0, cases)
const expected = readLines('expected.jsonl').slice(0, cases)
const ours = existsSync(oursFile) ? JSON.parse(readFileSync(oursFile, 'utf8')).results : []
const ourJson = (policy) => ours.find((each) => each.name === `${count} rules, JSON in, full trace out: ${policy}`)?.value * 1000
const word = (policy) => (policy === 'FIRST' ? 'FIRST' : 'COLLECT as list')
const ourTyped = (policy) => count === '12'
  ? ours.find((each) => each.name === `12 rules, one case, typed: ${word(policy)}`)?.value * 1e6
  : 1e6 / ours.find((each) => each.name === `${count} rules: one ${word(policy)}`)?.value

const rounds = 4
const roundSeconds = 0.4
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6 }

async function measure(work, cases) {
  await work()
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const start = cpu()
    let times = 0
    do { await work(); times++ } while (cpu() - start < roundSeconds)
    best = Math.max(best, (times * cases) / (cpu() - start))
  }
  return best
}
function report(name, rate, policy) {
  const times = (own) => (Number.isFinite(own) ? `${(own / rate).toFixed(1)} times` : 'not measured')
  console.log(`${count.padStart(5)} rules  ${name.padEnd(44)} ${policy.padEnd(8)} ${(rate / 1000).toFixed(1).padStart(9)} k/s   ours: ` +
    `${times(ourJson(policy))} (JSON in, trace out), ${times(ourTyped(policy))} (typed)`)
}
function check(name, policy, answers) {
  answers.forEach((answer, i) => {
    const wanted = policy === 'FIRST' ? expected[i].first : expected[i].collect
    if (JSON.stringify(answer) !== JSON.stringify(wanted)) {
      throw new Error(`${name}, ${policy}: input ${i + 1} gives ${JSON.stringify(answer)}, not ${JSON.stringify(wanted)}`)
    }
  })
}

const numbers = ['age', 'income']
const words = ['district', 'status']

// --- zen-engine: a decision table of its own
function zenTable(policy) {
  const fields = [...numbers, ...words]
  const node = {
    id: 'table', name: 'table', type: 'decisionTableNode', position: { x: 0, y: 0 },
    content: {
      hitPolicy: policy === 'FIRST' ? 'first' : 'collect',
      inputs: fields.map((field) => ({ id: field, name: field, field })),
      outputs: [{ id: 'row', name: 'row', field: 'row' }],
      rules: rules.map((rule) => ({
        _id: String(rule.id), row: String(rule.id),
        ...Object.fromEntries(numbers.map((f) => [f, rule[f] ? `[${rule[f][0]}..${rule[f][1]})` : ''])),
        ...Object.fromEntries(words.map((f) => [f, rule[f] ? rule[f].map((w) => JSON.stringify(w)).join(', ') : ''])),
      })),
    },
  }
  const end = (id, type) => ({ id, type, name: id, position: { x: 0, y: 0 } })
  return {
    contentType: 'application/vnd.gorules.decision',
    nodes: [end('in', 'inputNode'), node, end('out', 'outputNode')],
    edges: [{ id: 'a', type: 'edge', sourceId: 'in', targetId: 'table' }, { id: 'b', type: 'edge', sourceId: 'table', targetId: 'out' }],
  }
}
async function zen(policy) {
  const decision = new ZenEngine().createDecision(zenTable(policy))
  const answer = ({ result }) =>
    policy === 'FIRST' ? (result?.row ?? null) : (Array.isArray(result) ? result : []).map((each) => each.row)
  const all = await Promise.all(inputs.map((input) => decision.evaluate(input)))
  check('zen-engine', policy, all.map(answer))
  const few = inputs.slice(0, 500)
  report('@gorules/zen-engine, one after the other', await measure(async () => {
    for (const input of few) await decision.evaluate(input)
  }, few.length), policy)
  report('@gorules/zen-engine, all at once', await measure(async () => {
    await Promise.all(inputs.map((input) => decision.evaluate(input)))
  }, inputs.length), policy)
  report('@gorules/zen-engine, all at once, with trace', await measure(async () => {
    await Promise.all(inputs.map((input) => decision.evaluate(input, { trace: true })))
  }, inputs.length), policy)
}

// --- cel-js: one expression over the table
function celCondition(rule) {
  const number = (value) => (Number.isInteger(value) ? `${value}.0` : String(value))
  const parts = []
  for (const f of numbers) if (rule[f]) parts.push(`${f} >= ${number(rule[f][0])} && ${f} < ${number(rule[f][1])}`)
  for (const f of words) if (rule[f]) parts.push(`${f} in [${rule[f].map((w) => JSON.stringify(w)).join(', ')}]`)
  return parts.join(' && ')
}
async function cel(policy) {
  const environment = new Environment()
    .registerVariable('age', 'double').registerVariable('income', 'double')
    .registerVariable('district', 'string').registerVariable('status', 'string')
  const text = policy === 'FIRST'
    ? rules.map((rule) => `(${celCondition(rule)}) ? ${rule.id}.0 : `).join('') + '0.0'
    : rules.map((rule) => `((${celCondition(rule)}) ? [${rule.id}.0] : [])`).join(' + ')
  const run = environment.parse(text)
  const answer = (input) => { const found = run(input); return policy === 'FIRST' ? found || null : found }
  check('cel-js', policy, inputs.map(answer))
  report('@marcbachmann/cel-js', await measure(() => { for (const input of inputs) answer(input) }, inputs.length), policy)
}

// --- json-logic
function logicCondition(rule) {
  const parts = []
  for (const f of numbers) {
    if (rule[f]) parts.push({ '>=': [{ var: f }, rule[f][0]] }, { '<': [{ var: f }, rule[f][1]] })
  }
  for (const f of words) if (rule[f]) parts.push({ in: [{ var: f }, rule[f]] })
  return { and: parts }
}
async function logic(policy) {
  const rule = policy === 'FIRST'
    ? { if: [...rules.flatMap((each) => [logicCondition(each), each.id]), null] }
    : { merge: rules.map((each) => ({ if: [logicCondition(each), [each.id], []] })) }
  const answer = (input) => jsonLogic.apply(rule, input)
  check('json-logic-js', policy, inputs.map(answer))
  report('json-logic-js', await measure(() => { for (const input of inputs) answer(input) }, inputs.length), policy)
}

for (const engine of [zen, cel, logic]) {
  for (const policy of ['FIRST', 'COLLECT']) {
    try {
      await engine(policy)
    } catch (error) {
      console.log(`${count.padStart(5)} rules  ${engine.name}, ${policy}: not measured, because ${error.message.split('\n')[0].slice(0, 120)}`)
    }
  }
}
