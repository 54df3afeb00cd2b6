// `tongban verify`: every stored byte against its hashes, the attachments against the ledger, and the views against
// what the ledger gives anew. Each finding is a line; exit 4 when there is one.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include "app/arguments.h"
#include "app/commands.h"
#include "base/text.h"
#include "engine/projection.h"
#include "engine/sealing.h"

namespace tongban::app {
namespace {

constexpr uint32_t kMostTimers = 10'000'000;

struct Parts {
  const store::SqliteStore* store;
  const store::SqliteKeyStore* keys;
  const store::Attachments* attachments;
  const pack::Library* packs;
  bool is_live = false;  // a server works on it: timers come and go while they are read
};

class Verifier {
 public:
  Verifier(const Parts& parts, Shell& shell) : parts_(parts), shell_(shell) {}

  Result<void> run() {
    for (const store::Finding& finding : TRY(parts_.store->verify_ledger())) add(finding.where, finding.sentence);
    const bool ledger_sound = findings_ == 0;
    views_are_half_ = TRY(parts_.store->find_record(engine::kRebuildRecord, "views")).has_value();
    if (views_are_half_)
      add("views",
          "A rebuild was stopped in the middle; run tongban rebuild, or start the server: it goes on by itself.");
    for (const store::Finding& finding : TRY(parts_.keys->verify())) add(finding.where, finding.sentence);
    // What a damaged ledger says about the rest means nothing.
    if (ledger_sound) TRY(check_streams());
    return {};
  }
  uint64_t findings() const { return findings_; }
  uint64_t events() const { return events_; }
  uint64_t cases() const { return cases_; }
  uint64_t documents() const { return documents_; }

 private:
  // The scheduler's rows against the clocks of the case; those that were compared are taken out of timers_.
  void check_timers(const Id& id, const kernel::CaseState& state) {
    for (const store::ClockRow& expected : engine::clocks_of(state, engine::Config().grace_ms)) {
      if (!expected.wake_at) continue;
      const auto found = timers_.find({id, expected.clock});
      if (found == timers_.end() || found->second != expected) {
        add("view timer " + state.number,
            "The timer " + expected.name + " differs from the ledger; run tongban rebuild.");
      }
      if (found != timers_.end()) timers_.erase(found);
    }
  }

  void add(const std::string& where, const std::string& sentence) {
    ++findings_;
    shell_.out << where << ": " << sentence << "\n";
  }

  Result<void> check_streams() {
    std::vector<Id> streams;
    TRY(parts_.store->scan(1, [&](const store::LedgerEvent& event) {
      ++events_;
      if (event.version == 1) streams.push_back(event.stream);
      return true;
    }));
    if (!parts_.is_live) {
      for (store::ClockRow& row : TRY(parts_.store->due_clocks(Instant{INT64_MAX}, kMostTimers))) {
        timers_.emplace(std::pair(row.case_id, row.clock), std::move(row));
      }
    }
    for (const Id& stream : streams) TRY(check_stream(stream));
    if (views_are_half_) return check_unreferred();  // one finding says it; each missing row need not
    for (const auto& [key, row] : timers_) {
      add("view timer " + to_text(key.first), "The timer " + row.name + " stands in no case; run tongban rebuild.");
    }
    std::map<std::pair<std::string, std::string>, store::RegisterRow> rows;
    for (store::RegisterRow& row : TRY(parts_.store->load_registers())) {
      if (!entries_.contains({row.register_id, row.entry_id}))
        add("view register " + row.register_id + "/" + row.entry_id, "No event put this entry; run tongban rebuild.");
      rows[{row.register_id, row.entry_id}] = std::move(row);
    }
    for (const auto& [key, entry] : entries_) {
      const auto row = rows.find(key);
      if (row == rows.end())
        add("view register " + key.first + "/" + key.second, "The entry is missing; run tongban rebuild.");
      else if (row->second.body != kernel::encode_entry(entry) || row->second.revision != entry.revisions.size())
        add("view register " + key.first + "/" + key.second, "The entry differs from the ledger; run tongban rebuild.");
    }
    return check_unreferred();
  }

  Result<void> check_unreferred() {
    for (const Id& id : TRY(parts_.attachments->list())) {
      if (!referred_.contains(id))
        shell_.err << "attachment " << to_text(id) << ": no event refers to it (its command failed); it is harmless.\n";
    }
    return {};
  }

  Result<void> check_stream(const Id& stream) {
    const std::vector<store::LedgerEvent> stored = TRY(parts_.store->load_stream(stream));
    std::vector<std::string_view> bytes;
    for (const store::LedgerEvent& event : stored) bytes.push_back(event.bytes);
    const auto decoded = kernel::decode_all(bytes);
    if (!decoded.ok()) {
      add("stream " + to_text(stream), decoded.error().message);
      return {};
    }
    const std::vector<kernel::Event>& events = *decoded;
    if (events.empty()) return {};
    if (std::holds_alternative<kernel::CaseOpened>(events.front().body)) return check_case(stream, events);
    for (const kernel::Event& event : events) {
      if (const auto* put = std::get_if<kernel::RegisterEntryPut>(&event.body)) {
        kernel::Entry& entry = entries_[{put->reg, put->entry}];
        entry.id = put->entry;
        kernel::apply(entry, *put);
      }
    }
    return {};
  }

  Result<void> check_case(const Id& id, const std::vector<kernel::Event>& events) {
    ++cases_;
    const kernel::CaseState state = kernel::fold(events);
    std::optional<Key> key;
    if (!state.person.is_nil() && !state.erased) {
      const auto found = parts_.keys->find_key(state.person);
      if (!found.ok()) return {};  // said by the key store's own check
      key = *found;
      if (!key)
        add("key " + to_text(state.person),
            "The key of the person of case " + state.number + " is missing, and no event says that she was erased.");
    }
    for (const kernel::DocumentState& document : state.documents) {
      ++documents_;
      referred_.insert(document.document);
      for (const store::Finding& finding :
           TRY(parts_.attachments->verify(document.document, document.stored_hash, key ? &*key : nullptr)))
        add(finding.where, finding.sentence);
    }
    return views_are_half_ ? Result<void>() : check_views(id, state, key);
  }

  // As the engine makes it (decide_task.cc): of the party's telephone, with the key of her person.
  std::optional<Hash> phone_hash(const kernel::CaseState& state, const pack::Pack& pack,
                                 const std::optional<Key>& key) const {
    const pack::CaseType* type = pack.find_case(state.type);
    const kernel::FieldValue* phone = type ? kernel::find_value(state.fields, type->party_phone) : nullptr;
    if (!phone || (phone->is_sealed() && !key)) return std::nullopt;
    const std::optional<feel::Value> value =
        phone->is_sealed() ? engine::unseal_value(*key, state.id, phone->sealed) : phone->plain;
    if (!value || value->kind() != feel::Value::Kind::text) return std::nullopt;
    const std::string digits = engine::phone_digits(value->as_text());
    if (digits.empty()) return std::nullopt;
    return hmac_sha256(parts_.keys->search_key(), "phone:" + digits);
  }

  Result<void> check_views(const Id& id, const kernel::CaseState& state, const std::optional<Key>& key) {
    const pack::Pack* pack = nullptr;
    for (const auto& candidate : parts_.packs->packs) {
      if (candidate->key() == state.pack) pack = candidate.get();
    }
    if (!pack) {
      add("view case " + state.number,
          "Its pack edition " + state.pack + " is not loaded, so its row cannot be compared.");
      return {};
    }
    const kernel::Registers registers;
    const store::ViewChanges fresh = engine::project(
        nullptr, state, {.pack = pack, .registers = &registers, .phone_hash = [&](const kernel::CaseState& of) {
                           return phone_hash(of, *pack, key);
                         }});
    const auto row = TRY(parts_.store->find_case(id));
    if (row && row->version > state.version) return {};  // a running server has gone on meanwhile
    if (!row || fresh.cases.empty() || *row != fresh.cases.front())
      add("view case " + state.number, "The row of the lists differs from the ledger; run tongban rebuild.");
    auto inbox = TRY(parts_.store->inbox_rows(id));
    auto expected = fresh.inboxes.empty() ? std::vector<store::InboxRow>() : fresh.inboxes.front().rows;
    const auto order = [](const store::InboxRow& a, const store::InboxRow& b) {
      return std::tie(a.holder, a.relation) < std::tie(b.holder, b.relation);
    };
    std::sort(inbox.begin(), inbox.end(), order);
    std::sort(expected.begin(), expected.end(), order);
    if (!parts_.is_live) check_timers(id, state);
    const std::string words = fresh.search.empty() ? std::string() : fresh.search.front().words;
    if (join(TRY(parts_.store->words_of(id)), " ") != words)
      add("view words " + state.number, "The words of the full text differ from the ledger; run tongban rebuild.");
    for (const store::PersonHashRow& person : fresh.person_hashes) {
      const std::vector<store::PersonHashRow> known = TRY(parts_.store->find_person(person.hash));
      if (std::find(known.begin(), known.end(), person) == known.end())
        add("view person " + state.number, "The case is not found by its telephone; run tongban rebuild.");
    }
    if (inbox != expected)
      add("view inbox " + state.number, "The inbox rows differ from the ledger; run tongban rebuild.");
    return {};
  }

  const Parts& parts_;
  Shell& shell_;
  bool views_are_half_ = false;  // a rebuild was stopped in the middle
  uint64_t findings_ = 0, events_ = 0, cases_ = 0, documents_ = 0;
  std::map<std::pair<std::string, std::string>, kernel::Entry> entries_;
  std::map<std::pair<Id, uint32_t>, store::ClockRow> timers_;
  std::set<Id> referred_;
};

int report(const Parts& parts, Shell& shell) {
  Verifier verifier(parts, shell);
  if (const Result<void> done = verifier.run(); !done.ok()) {
    shell.out << "ledger: " << done.error().message << "\n";
    return done.error().trouble == Trouble::corrupt ? kDamaged : kEnvironment;
  }
  if (verifier.findings() > 0) {
    shell.err << verifier.findings() << (verifier.findings() == 1 ? " finding.\n" : " findings.\n");
    return kDamaged;
  }
  shell.out << "Sound: " << verifier.events() << " events, " << verifier.cases() << " cases, " << verifier.documents()
            << " attachments; keys and views agree.\n";
  return kOk;
}

}  // namespace

int run_verify(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {
      {"--accept-head", "the head file is missing or ahead, and no backup has what is lost: take the database as it is",
       false, true}};
  if (const auto code = arguments.parse("verify", "Check ledger, keys, attachments and views", options, words, shell))
    return *code;
  if (const Site* site = sites.live()) {
    if (arguments.has("--accept-head")) {
      shell.err << "tongban: a server runs on the folder, so its head is right; nothing was changed.\n";
      return kRefused;
    }
    return report({site->store.get(), site->keys.get(), site->attachments.get(), site->packs.get(), true}, shell);
  }
  // Without the engine: it would write (registers of the packs), and what is damaged must not be written to.
  const std::string folder = sites.settings().text("data");
  if (!is_initialised(folder)) {
    shell.err << "tongban: there is no data in " << folder << ".\n";
    return kEnvironment;
  }
  const auto damaged = [&shell](const std::string& where, const Error& error) {
    if (error.trouble != Trouble::corrupt) return complain(shell, error);
    shell.out << where << ": " << error.message << "\n";
    return static_cast<int>(kDamaged);
  };
  store::SqliteOptions wanted;
  wanted.accept_head = arguments.has("--accept-head");
  const auto store = store::SqliteStore::open(folder, wanted);
  if (!store.ok()) return damaged("ledger", store.error());
  const auto keys = store::SqliteKeyStore::open(folder);
  if (!keys.ok()) return damaged("keys", keys.error());
  const auto attachments = store::Attachments::open(folder + "/attachments");
  if (!attachments.ok()) return damaged("attachments", attachments.error());
  const Result<Policies> policies = load_policies(sites.settings().text("packs"));
  if (!policies.ok()) return complain(shell, policies.error());
  return report({store->get(), keys->get(), attachments->get(), policies->packs.get()}, shell);
}

}  // namespace tongban::app
