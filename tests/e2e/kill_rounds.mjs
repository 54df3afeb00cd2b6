// TONGBAN_ROUNDS times: start, file under load, kill -9 at a random moment, start again, look for every case that was
// acknowledged. Verify every tenth round of the first hundred, then every fiftieth (it goes over all events each time),
// and at the end. No step has a limit by the clock: the machine may be busy with other work.
import {check, play} from './program.mjs';

const rounds = Number(process.env.TONGBAN_ROUNDS ?? 100);
const seed = Number(process.env.TONGBAN_SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
let randomState = seed;
function random(n) {  // a small generator, so that a seed repeats the moments (not the machine's timing)
  randomState = (Math.imul(randomState, 1103515245) + 12345) >>> 0;
  return (randomState >>> 8) % n;
}

await play(run);

async function run(program) {
  if (program.run('init').code !== 0) throw new Error('init');
  const flags = ['--api-lift-rate-limits', 'yes', '--log-requests', 'no'];
  await program.start(...flags);
  const token = program.token('agent', 'p-zhangsan');
  const acknowledged = new Map();   // id → number; those of the last rounds are looked at after each restart
  // A reader's connection may be one that died with the server of the round before: reading once more is harmless.
  const look = async (where) => {
    for (let tries = 1; ; ++tries) {
      try { return await program.ask('GET', where, {token}); } catch (fault) { if (tries === 5 || program.process.exitCode !== null) throw fault; }
    }
  };
  let all = 0, lost = 0, serial = 0, busy = 0;
  for (let round = 1; round <= rounds; ++round) {
    let ended = false;
    const fresh = new Map();
    const file = async () => {
      while (!ended) {
        const n = ++serial;
        const body = {title: `诉求${n}`, content: '内容', kind: 'complaint', division: '渝中区', address: '民权路', phone: `1990${String(n).padStart(7, '0')}`};
        try {
          const answer = await program.ask('POST', '/api/v1/packs/hotline-12345/request', {body, headers: {'Idempotency-Key': `key-${n}`}});
          if (answer.status === 201) fresh.set(answer.json.id, {number: answer.json.number, title: body.title});
          // Too long in the queue of a busy machine is an answer too: refused, to be sent again, not acknowledged.
          else if ([408, 503].includes(answer.status)) ++busy;
          else if (!ended) { check('filing is accepted', false, answer.text); return; }
        } catch { return; }   // the connection died with the server: not acknowledged
      }
    };
    const load = Array.from({length: 4}, file);
    // From the first answer on, however slow the machine is; in every fourth round the kill may come before it.
    for (let waited = 0; round % 4 !== 0 && fresh.size === 0 && waited < 30_000; waited += 2) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 20 + random(120)));
    ended = true;
    program.process.kill('SIGKILL');
    await program.ended;
    await Promise.all(load);
    if (round % (round <= 100 ? 10 : 50) === 0 || round === rounds) {
      const verified = await program.runPatiently('verify');
      if (round > 100) console.log(`round ${round}: ${all + fresh.size} acknowledged, ${lost} lost`);
      check(`round ${round}: verify is clean`, verified.code === 0, verified.out + verified.err);
    }
    await program.start(...flags);
    for (const [id, wanted] of fresh) {
      const found = await look(`/api/v1/cases/${id}`);
      if (found.status !== 200 || found.json.number !== wanted.number || !found.text.includes(wanted.title)) ++lost;
    }
    all += fresh.size;
    for (const [id, wanted] of fresh) acknowledged.set(id, wanted);
    check(`round ${round}: the server is ready again`, (await look('/readyz')).json?.ready === true);
  }
  // Once more at the end: nothing of an earlier round was lost later.
  for (const [id, wanted] of acknowledged) {
    if (random(5) !== 0 && acknowledged.size > 2000) continue;
    const found = await look(`/api/v1/cases/${id}`);
    if (found.status !== 200 || found.json.number !== wanted.number) ++lost;
  }
  check(`${all} filings were acknowledged`, all >= rounds);
  check('no acknowledged filing is lost', lost === 0, `${lost} of ${all}`);
  console.log(`${rounds} rounds, ${all} acknowledged filings, ${busy} refused for the time being`);
  await program.stop();
}
