#include "facility/export/export.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/json.h"
#include "kernel/explain.h"
#include "store/file_system.h"

namespace tongban::facility {
namespace {

constexpr size_t kCasesAtOnce = 500;

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(to_text(*value)) : json::value(nullptr);
}

json::object to_json(const kernel::ActorRef& actor) {
  return {{"role", actor.role}, {"person", actor.person}, {"position", actor.position}, {"unit", actor.unit}};
}

class Exporter {
 public:
  Exporter(engine::Engine& engine, const store::Store& store, std::ostream& out, const ExportOptions& options)
      : engine_(engine), store_(store), out_(out), options_(options) {}

  Result<ExportCounts> run() {
    if (!options_.documents.empty()) TRY(store::make_folder(options_.documents));
    const store::Head head = TRY(store_.head());
    write(json::object{{"kind", "head"},
                       {"format", 1},
                       {"position", head.position},
                       {"made_at", to_text(engine_.now())},
                       {"personal", options_.with_personal}});
    std::vector<Id> streams;  // 16 bytes a case: bounded by what one machine holds
    TRY(store_.scan(1, [&](const store::LedgerEvent& event) {
      if (event.position > head.position) return false;
      if (event.version == 1) streams.push_back(event.stream);
      return true;
    }));
    TRY(write_registers());
    // What is read of persons is recorded before it is given out, for many cases in one commit.
    for (size_t i = 0; i < streams.size(); i += kCasesAtOnce) {
      std::vector<Loaded> part;
      for (size_t j = i; j < std::min(i + kCasesAtOnce, streams.size()); ++j) TRY(load_stream(streams[j], part));
      if (options_.with_personal) TRY(record_readings(part));
      for (const Loaded& one : part) TRY(write_case(one));
    }
    out_.flush();
    if (!out_) return fail(Trouble::no_space, "The export could not be written to its end; is the disk full?");
    return counts_;
  }

 private:
  void write(const json::object& line) { out_ << to_json_text(line) << "\n"; }

  Result<void> write_registers() {
    for (const store::RegisterRow& row : TRY(store_.load_registers())) {
      const kernel::Entry entry = TRY(kernel::decode_entry(row.body));
      json::array revisions;
      for (const kernel::Revision& revision : entry.revisions) {
        revisions.push_back(json::object{{"no", revision.no},
                                         {"valid_from", or_null(revision.valid_from)},
                                         {"valid_to", or_null(revision.valid_to)},
                                         {"values", revision.values.to_json()}});
      }
      write({{"kind", "register"},
             {"register", row.register_id},
             {"entry", row.entry_id},
             {"revisions", std::move(revisions)}});
      ++counts_.entries;
    }
    return {};
  }

  json::value value_of(const kernel::CaseState& state, const kernel::FieldValue& value) const {
    if (!value.is_sealed()) return value.plain.to_json();
    if (options_.with_personal) {
      if (const auto plain = engine_.unseal(state, value)) return json::value(*plain);
    }
    return json::object{{"sealed", true}};
  }

  json::object fields_of(const kernel::CaseState& state, const kernel::Fields& fields) const {
    json::object object;
    for (const auto& [name, value] : fields) object[name] = value_of(state, value);
    return object;
  }

  struct Loaded {
    std::vector<store::LedgerEvent> stored;
    std::vector<kernel::Event> events;
    kernel::CaseState state;
  };

  Result<void> load_stream(const Id& stream, std::vector<Loaded>& part) {
    Loaded one;
    one.stored = TRY(store_.load_stream(stream));
    std::vector<std::string_view> bytes;
    for (const store::LedgerEvent& event : one.stored) bytes.push_back(event.bytes);
    one.events = TRY(kernel::decode_all(bytes));
    if (one.events.empty() || !std::holds_alternative<kernel::CaseOpened>(one.events.front().body)) {
      return {};  // a register: its entries are written already
    }
    one.state = kernel::fold(one.events);
    part.push_back(std::move(one));
    return {};
  }

  Result<void> write_case(const Loaded& loaded) {
    const auto& [stored, events, state] = loaded;
    json::object line = describe(state);
    if (!options_.documents.empty()) TRY(write_documents(state, line["documents"].as_array()));
    counts_.documents += state.documents.size();
    json::array list;
    for (size_t i = 0; i < events.size(); ++i) list.push_back(describe(events[i], stored[i]));
    counts_.events += events.size();
    line["events"] = std::move(list);
    write(line);
    ++counts_.cases;
    if (options_.progress) options_.progress(counts_.cases);
    return {};
  }

  // The bytes of each document into the folder, and the name of its file into its line; null where they are erased.
  Result<void> write_documents(const kernel::CaseState& state, json::array& lines) {
    for (size_t i = 0; i < state.documents.size(); ++i) {
      const Id& id = state.documents[i].document;
      const std::string name = to_text(id), target = options_.documents + "/" + name;
      bool written = true;
      if (options_.with_personal)
        written = TRY(write_plain(state, id, target));
      else
        TRY(store::copy_file(options_.attachments->path_of(id), target));
      lines[i].as_object()["file"] = written ? json::value(name) : json::value(nullptr);
    }
    return {};
  }

  Result<bool> write_plain(const kernel::CaseState& state, const Id& id, const std::string& target) {
    // As document_routes: sealed with the person's key, or one of the case where it has no person.
    std::optional<Key> key;
    if (state.person.is_nil())
      key = hmac_sha256(options_.keys->search_key(), state.id.view());
    else
      key = TRY(options_.keys->find_key(state.person));
    if (!key || state.erased) return false;
    std::FILE* file = std::fopen(target.c_str(), "wbx");
    if (!file) return fail(Trouble::io, "The file " + target + " cannot be made: " + std::strerror(errno) + ".");
    bool whole = true;
    const Result<void> read = options_.attachments->read(id, *key, [&](std::string_view bytes) {
      whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
      return whole;
    });
    whole = std::fclose(file) == 0 && whole;
    if (!read.ok()) return read.error();
    if (!whole)
      return fail(Trouble::no_space, "The file " + target + " cannot be written to its end; is the disk full?");
    return true;
  }

  Result<void> record_readings(const std::vector<Loaded>& part) {
    engine::Request request;
    request.actor.kind = kernel::Actor::Kind::system;
    request.what = engine::Request::Keep{};
    for (const Loaded& one : part) {
      if (!one.state.person.is_nil())
        request.audit.push_back({one.state.id, engine_.now(), options_.actor, {}, options_.purpose, "all"});
    }
    if (request.audit.empty()) return {};
    const engine::Reply reply = engine_.ask(std::move(request));
    if (const Error* error = std::get_if<Error>(&reply.result)) return *error;
    return {};
  }

  json::object describe(const kernel::Event& event, const store::LedgerEvent& stored) const {
    const kernel::Envelope& envelope = event.envelope;
    return {{"position", stored.position},
            {"version", envelope.version},
            {"name", kernel::name_of(event.body)},
            {"happened_at", to_text(envelope.happened_at)},
            {"recorded_at", to_text(envelope.recorded_at)},
            {"actor", to_json(envelope.actor)},
            {"imported", envelope.imported},
            {"bytes", to_hex(stored.bytes)},
            {"sha256", to_hex(view_of(stored.hash))}};
  }

  json::object describe(const kernel::CaseState& state) const {
    const pack::Pack* pack = engine_.pack_of(state);
    json::array acts, clocks, assignments, letters, links, documents, flags;
    for (const kernel::ActRecord& act : state.acts) {
      acts.push_back(json::object{{"action", act.action},
                                  {"outcome", act.outcome},
                                  {"form", fields_of(state, act.form)},
                                  {"actor", to_json(act.actor)},
                                  {"happened_at", to_text(act.happened_at)},
                                  {"recorded_at", to_text(act.recorded_at)},
                                  {"from", act.from_state},
                                  {"to", act.to_state},
                                  {"basis", kernel::to_json(act.basis)}});
    }
    for (const kernel::Clock& clock : state.clocks) {
      if (pack) clocks.push_back(kernel::explain_clock(state, clock, *pack));
    }
    for (const kernel::Assignment& one : state.assignments) {
      assignments.push_back(json::object{{"no", one.no},
                                         {"name", one.name},
                                         {"unit", one.unit},
                                         {"under", one.under},
                                         {"given_by", one.given_by},
                                         {"at", to_text(one.at)},
                                         {"ended_at", or_null(one.ended_at)}});
    }
    for (const kernel::LetterState& letter : state.letters) {
      letters.push_back(json::object{{"letter", letter.letter},
                                     {"to_role", letter.to_role},
                                     {"to_unit", letter.to_unit},
                                     {"at", to_text(letter.at)},
                                     {"text", letter.text}});
    }
    for (const kernel::LinkState& link : state.links) {
      links.push_back(json::object{{"kind", link.kind},
                                   {"inverse", link.inverse},
                                   {"other", to_text(link.other)},
                                   {"number", link.other_number}});
    }
    for (const kernel::DocumentState& document : state.documents) {
      documents.push_back(json::object{{"document", to_text(document.document)},
                                       {"name", value_of(state, document.name)},
                                       {"media_type", document.media_type},
                                       {"bytes", document.bytes},
                                       {"sha256_stored", to_hex(view_of(document.stored_hash))}});
    }
    for (const std::string& flag : state.flags) flags.emplace_back(flag);
    return {{"kind", "case"},
            {"id", to_text(state.id)},
            {"number", state.number},
            {"pack", state.pack},
            {"type", state.type},
            {"channel", state.channel},
            {"state", state.state},
            {"opened_at", to_text(state.opened_at)},
            {"changed_at", to_text(state.changed_at)},
            {"closed_at", or_null(state.closed_at)},
            {"result", state.result},
            {"imported", state.imported},
            {"erased", state.erased},
            {"fields", fields_of(state, state.fields)},
            {"flags", flags},
            {"acts", acts},
            {"clocks", clocks},
            {"assignments", assignments},
            {"letters", letters},
            {"links", links},
            {"documents", documents}};
  }

  engine::Engine& engine_;
  const store::Store& store_;
  std::ostream& out_;
  const ExportOptions& options_;
  ExportCounts counts_;
};

}  // namespace

Result<ExportCounts> export_all(engine::Engine& engine, const store::Store& store, std::ostream& out,
                                const ExportOptions& options) {
  return Exporter(engine, store, out, options).run();
}

}  // namespace tongban::facility
