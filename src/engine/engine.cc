#include "engine/engine.h"

#include <future>

#include "engine/sealing.h"
#include "engine/writer.h"

namespace tongban::engine {

Engine::Engine(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::start(Config config) {
  auto writer = std::make_unique<Writer>(std::move(config));
  TRY(writer->load());
  return std::unique_ptr<Engine>(new Engine(std::move(writer)));
}

void Engine::run_thread() { writer_->run_thread(); }
void Engine::stop() { writer_->stop(); }
bool Engine::has_thread() const { return writer_->has_thread(); }
void Engine::submit(Request request, Render render, Answer answer) {
  writer_->submit(std::move(request), std::move(render), std::move(answer));
}

Reply Engine::ask(Request request) {
  auto promise = std::make_shared<std::promise<Reply>>();
  std::future<Reply> future = promise->get_future();
  writer_->submit(std::move(request), {}, [promise](Reply&& reply) { promise->set_value(std::move(reply)); });
  if (!writer_->has_thread()) {
    const Result<size_t> pumped = writer_->pump();
    if (!pumped.ok() && future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return {pumped.error()};
  }
  return future.get();
}

Result<size_t> Engine::pump() { return writer_->pump(); }
Result<void> Engine::advance_to(Instant until) { return writer_->advance_to(until); }

std::shared_ptr<const kernel::CaseState> Engine::load(const Id& case_id) const {
  Result<StatePtr> state = writer_->find_state(case_id);
  return state.ok() ? *state : nullptr;
}

Result<std::vector<kernel::Event>> Engine::load_events(const Id& case_id) const {
  const std::vector<store::LedgerEvent> stored = TRY(writer_->config().store->load_stream(case_id));
  std::vector<std::string_view> bytes;
  bytes.reserve(stored.size());
  for (const store::LedgerEvent& event : stored) bytes.push_back(event.bytes);
  return kernel::decode_all(bytes);
}

std::shared_ptr<const kernel::Registers> Engine::registers() const { return writer_->registers(); }
const pack::Library& Engine::packs() const { return *writer_->config().packs; }
const pack::Pack* Engine::pack_of(const kernel::CaseState& state) const { return writer_->pack_by_key(state.pack); }
const calendar::Editions& Engine::calendar() const { return *writer_->calendar(); }

kernel::Context Engine::context_of(const kernel::CaseState& state, Instant at) const {
  return context_of(state, at, *writer_->registers());
}
kernel::Context Engine::context_of(const kernel::CaseState& state, Instant at,
                                   const kernel::Registers& registers) const {
  kernel::Context context;
  context.pack = pack_of(state);
  context.calendar = &writer_->calendar()->known_on(local_date(at));
  context.registers = &registers;
  context.grace_ms = writer_->config().grace_ms;
  return context;
}

std::optional<std::string> Engine::unseal(const kernel::CaseState& state, const kernel::FieldValue& value) const {
  if (state.erased && value.is_sealed()) return std::nullopt;
  return unseal(state.id, state.person, value);
}
std::optional<std::string> Engine::unseal(const Id& case_id, const Id& person, const kernel::FieldValue& value) const {
  if (!value.is_sealed()) return value.plain.to_plain_text();
  const std::optional<feel::Value> plain = writer_->unseal(case_id, person, value.sealed);
  if (!plain) return std::nullopt;
  return plain->to_plain_text();
}

bool Engine::is_tracking_code(const kernel::CaseState& state, std::string_view typed) const {
  const std::string hash = to_hex(view_of(sha256(normal_code(typed))));
  return !state.tracking_hash.empty() && equal_in_constant_time(hash, state.tracking_hash);
}

Hash Engine::phone_hash(std::string_view phone) const { return writer_->phone_hash(phone); }
Instant Engine::now() const { return writer_->now(); }
Result<size_t> Engine::recompute_clocks(std::shared_ptr<const calendar::Editions> calendar) {
  return writer_->recompute_clocks(std::move(calendar));
}
Result<void> Engine::rebuild() { return writer_->rebuild(); }
size_t Engine::subscribe(std::function<void(const Change&)> listener) {
  return writer_->subscribe(std::move(listener));
}
void Engine::unsubscribe(size_t id) { writer_->unsubscribe(id); }
void Engine::set_answer_scope(std::function<std::shared_ptr<void>()> scope) {
  writer_->set_answer_scope(std::move(scope));
}
Engine::Status Engine::status() const { return writer_->status(); }
Metrics Engine::metrics() const { return writer_->metrics(); }

}  // namespace tongban::engine
