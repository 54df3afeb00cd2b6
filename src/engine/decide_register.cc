// Register entries: the rows that packs bring, and what people put later.
#include <algorithm>

#include "base/text.h"
#include "engine/decide_parts.h"
#include "engine/sealing.h"

namespace tongban::engine {

using kernel::Rejection;
using kernel::RejectionCode;

void Writer::put_entry(Batch& batch, Step& step, kernel::RegisterEntryPut put, const kernel::Envelope& like,
                       store::StreamAppend& append, bool continued) {
  uint64_t& version = batch.register_versions[put.reg];
  kernel::Event event;
  event.envelope = like;
  event.envelope.stream = append.stream;
  event.envelope.version = ++version;
  event.body = put;
  append.events.push_back(kernel::encode(event, continued));
  const kernel::Entry* old = batch.registers->find(put.reg, put.entry);
  auto entry = old ? std::make_shared<kernel::Entry>(*old) : std::make_shared<kernel::Entry>();
  kernel::apply(*entry, put);
  step.transaction.views.registers.push_back({put.reg, put.entry, put.revision, kernel::encode_entry(*entry)});
  const_cast<kernel::Registers&>(*batch.registers).put(put.reg, std::move(entry));  // the batch's own copy, see callers
  batch.registers_changed = true;
}

Result<Decision> Writer::decide_seed(Batch& batch, const Task::Seed& seed, Instant at) {
  batch.registers = std::make_shared<kernel::Registers>(*batch.registers);
  if (!batch.register_versions.contains(seed.reg)) batch.register_versions[seed.reg] = register_versions_[seed.reg];
  kernel::Envelope envelope;
  envelope.command = make_id(at);
  envelope.happened_at = at;
  envelope.recorded_at = at;
  envelope.actor.role = "system";
  store::StreamAppend append{register_stream(seed.reg), batch.register_versions[seed.reg], {}};
  Step step;
  for (const pack::RegisterEntry* row : seed.rows) {
    kernel::RegisterEntryPut put;
    put.reg = seed.reg;
    put.entry = row->id;
    const kernel::Entry* old = batch.registers->find(seed.reg, row->id);
    put.revision = old ? static_cast<uint32_t>(old->revisions.size()) + 1 : 1;
    put.valid_from = row->valid_from;
    put.valid_to = row->valid_to;
    put.values = feel::Value::context(row->values);
    put.seed = true;
    put.basis = seed.basis;
    put_entry(batch, step, std::move(put), envelope, append, !append.events.empty());
  }
  step.transaction.appends.push_back(std::move(append));
  Decision decision;
  decision.step = push(batch, std::move(step));
  return decision;
}

Result<Decision> Writer::decide_put_entry(Batch& batch, Task::Ask& ask, Instant received_at) {
  const Request& request = ask.request;
  const auto& what = std::get<Request::PutEntry>(request.what);
  const pack::RegisterType* type = nullptr;
  for (const auto& pack : config_.packs->packs) {
    if (const pack::RegisterType* found = pack->find_register(what.reg)) type = found;
  }
  if (!type)
    return answer_with(
        {rejection(RejectionCode::not_found, "没有名为“" + what.reg + "”的名录。", "请核对名录的标识。")});
  Rejection faults = rejection(RejectionCode::invalid_form, "名录项没有填写正确。", "请按提示修改后再提交。");
  if (what.entry.empty() || what.entry.size() > 200) faults.fields.push_back({"id", "请填写 1 至 200 个字节的标识。"});
  if (what.valid_from && what.valid_to && *what.valid_to <= *what.valid_from)
    faults.fields.push_back({"valid_to", "失效日应在生效日之后。"});
  feel::Context values;
  if (what.values.kind() == feel::Value::Kind::context) {
    for (const auto& [name, value] : what.values.as_context()) {
      const auto field =
          std::find_if(type->fields.begin(), type->fields.end(), [&](const pack::Field& f) { return f.id == name; });
      if (field == type->fields.end()) {
        faults.fields.push_back({name, "名录没有这一栏。"});
        continue;
      }
      const Result<feel::Value> coerced = feel::coerce(value, pack::type_of(*field));
      if (coerced.ok())
        values.emplace_back(name, *coerced);
      else
        faults.fields.push_back({name, "填写的内容不合这一栏的类型。"});
    }
  } else {
    faults.fields.push_back({"values", "请按栏填写。"});
  }
  if (!faults.fields.empty()) return answer_with({std::move(faults)});

  batch.registers = std::make_shared<kernel::Registers>(*batch.registers);
  if (!batch.register_versions.contains(what.reg)) batch.register_versions[what.reg] = register_versions_[what.reg];
  const uint64_t version = batch.register_versions[what.reg];
  const Id stream = register_stream(what.reg);
  if (request.expected_version && *request.expected_version != version) {
    Rejection changed = rejection(RejectionCode::changed, "名录在您读取之后有了变动。", "请重新读取后再修改。");
    changed.current_version = version;
    return answer_with({std::move(changed)}, {stream});
  }
  kernel::Envelope envelope;
  envelope.command = make_id(received_at);
  envelope.happened_at = request.happened_at.value_or(received_at);
  envelope.recorded_at = received_at;
  envelope.imported = request.imported;
  envelope.actor = {.role = request.actor.kind == kernel::Actor::Kind::staff ? "staff" : "system",
                    .person = request.actor.person,
                    .position = {},
                    .unit = request.actor.unit};
  kernel::RegisterEntryPut put;
  put.reg = what.reg;
  put.entry = what.entry;
  const kernel::Entry* old = batch.registers->find(what.reg, what.entry);
  put.revision = old ? static_cast<uint32_t>(old->revisions.size()) + 1 : 1;
  put.valid_from = what.valid_from;
  put.valid_to = what.valid_to;
  put.values = feel::Value::context(std::move(values));
  put.seed = what.seed;
  put.basis = what.basis;
  store::StreamAppend append{stream, version, {}};
  Step step;
  put_entry(batch, step, put, envelope, append, false);
  step.transaction.appends.push_back(std::move(append));
  Change change;
  change.case_id = stream;
  change.type = what.reg;
  change.number = what.entry;
  change.what = "register";
  change.version = version + 1;
  step.changes.push_back(std::move(change));
  kernel::Event event;
  event.envelope = envelope;
  event.envelope.stream = stream;
  event.envelope.version = version + 1;
  event.body = std::move(put);
  complete(step, ask, {stream, what.entry, {}, version + 1, 0, nullptr, {std::move(event)}});
  Decision decision;
  decision.step = push(batch, std::move(step));
  return decision;
}

}  // namespace tongban::engine
