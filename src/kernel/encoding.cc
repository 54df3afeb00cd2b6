// The bytes of events. One list of members per event serves writing and reading, so the two cannot differ.
#include <type_traits>

#include "kernel/event.h"

namespace tongban::kernel {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint8_t kContinues = 1, kImported = 2, kHasCause = 4, kHappenedElsewhen = 8, kCounts = 16;
constexpr uint64_t kMaxElements = 100'000;

// The last value of each enumeration that stands in events. A new one is appended here too.
constexpr DecisionMode last_of(DecisionMode) { return DecisionMode::overridden; }
constexpr EndReason last_of(EndReason) { return EndReason::case_closed; }
constexpr StopKind last_of(StopKind) { return StopKind::cancel; }
constexpr Answer last_of(Answer) { return Answer::withdrawn; }
constexpr pack::BasisKind last_of(pack::BasisKind) { return pack::BasisKind::product; }
constexpr pack::Force last_of(pack::Force) { return pack::Force::target; }
constexpr pack::ClockType last_of(pack::ClockType) { return pack::ClockType::elapsed; }
constexpr pack::ClockScope last_of(pack::ClockScope) { return pack::ClockScope::per_ask; }
constexpr calendar::Unit last_of(calendar::Unit) { return calendar::Unit::months; }
constexpr calendar::Kind last_of(calendar::Kind) { return calendar::Kind::backward; }
constexpr pack::DaysCounted::Function last_of(pack::DaysCounted::Function) {
  return pack::DaysCounted::Function::is_working;
}

class Writer {
 public:
  ByteWriter out;

  void member(const std::string& v) { out.put_text(v); }
  void member(bool v) { out.put_bool(v); }
  void member(uint32_t v) { out.put_unsigned(v); }
  void member(uint64_t v) { out.put_unsigned(v); }
  void member(int64_t v) { out.put_signed(v); }
  void member(int v) { out.put_signed(v); }
  void member(Date v) { out.put_signed(v.days); }
  void member(Instant v) { out.put_signed(v.ms); }
  void member(const Id& v) { out.put_id(v); }
  void member(const Hash& v) { out.put_raw(view_of(v)); }
  void member(const feel::Value& v) { v.encode(out); }
  template <class E>
  requires std::is_enum_v<E>
  void member(E v) { out.put_byte(static_cast<uint8_t>(v)); }
  void member(const FieldValue& v) {
    out.put_bool(v.is_sealed());
    if (v.is_sealed())
      out.put_text(v.sealed);
    else
      v.plain.encode(out);
  }
  template <class T>
  void member(const std::optional<T>& v) {
    out.put_bool(v.has_value());
    if (v) member(*v);
  }
  template <class T>
  void member(const std::vector<T>& v) {
    out.put_unsigned(v.size());
    for (const T& element : v) member(element);
  }
  template <class A, class B>
  void member(const std::pair<A, B>& v) {
    member(v.first);
    member(v.second);
  }
  template <class T>
  requires std::is_class_v<T>
  void member(const T& v) { members(*this, v); }
  template <class... T>
  void all(const T&... v) {
    (member(v), ...);
  }
  // The last member of a body: left out when empty, so that events without it keep the bytes they always had.
  void tail(const std::vector<DaysCounted>& v) {
    if (!v.empty()) member(v);
  }
};

class Reader {
 public:
  ByteReader in;
  explicit Reader(std::string_view bytes) : in(bytes) {}

  void member(std::string& v) { v = in.get_text(); }
  void member(bool& v) { v = in.get_bool(); }
  void member(uint32_t& v) { v = narrow<uint32_t>(in.get_unsigned()); }
  void member(uint64_t& v) { v = in.get_unsigned(); }
  void member(int64_t& v) { v = in.get_signed(); }
  void member(int& v) { v = narrow<int>(in.get_signed()); }
  void member(Date& v) { v.days = narrow<int32_t>(in.get_signed()); }
  void member(Instant& v) { v.ms = in.get_signed(); }
  void member(Id& v) { v = in.get_id(); }
  void member(Hash& v) {
    const Id first = in.get_id(), second = in.get_id();
    std::copy(first.bytes.begin(), first.bytes.end(), v.begin());
    std::copy(second.bytes.begin(), second.bytes.end(), v.begin() + 16);
  }
  void member(feel::Value& v) { v = feel::Value::decode(in); }
  template <class E>
  requires std::is_enum_v<E>
  void member(E& v) {
    const uint8_t byte = in.get_byte();
    if (byte > static_cast<uint8_t>(last_of(E{}))) in.fail();
    v = static_cast<E>(byte);
  }
  void member(FieldValue& v) {
    if (in.get_bool()) {
      v.sealed = in.get_text();
      if (v.sealed.empty()) in.fail();
    } else {
      v.plain = feel::Value::decode(in);
    }
  }
  template <class T>
  void member(std::optional<T>& v) {
    v.reset();
    if (in.get_bool()) member(v.emplace());
  }
  template <class T>
  void member(std::vector<T>& v) {
    const uint64_t size = in.get_unsigned();
    if (size > kMaxElements || size > in.left()) in.fail();
    v.clear();
    for (uint64_t i = 0; i < size && in.ok(); ++i) member(v.emplace_back());
  }
  template <class A, class B>
  void member(std::pair<A, B>& v) {
    member(v.first);
    member(v.second);
  }
  template <class T>
  requires std::is_class_v<T>
  void member(T& v) { members(*this, v); }
  template <class... T>
  void all(T&... v) {
    (member(v), ...);
  }
  bool has_tail = false;  // the event's flags say so
  void tail(std::vector<DaysCounted>& v) {
    if (!has_tail) return;
    has_tail = false;
    member(v);
    if (v.empty()) in.fail();
  }

 private:
  template <class To, class From>
  To narrow(From value) {
    const To result = static_cast<To>(value);
    if (static_cast<From>(result) != value) in.fail();
    return result;
  }
};

template <class A, class E>
void members(A& a, E& e) {
  using T = std::remove_const_t<E>;
  if constexpr (std::is_same_v<T, ActorRef>)
    a.all(e.role, e.person, e.position, e.unit);
  else if constexpr (std::is_same_v<T, Basis>)
    a.all(e.kind, e.document, e.clause, e.reading);
  else if constexpr (std::is_same_v<T, Limit>)
    a.all(e.n, e.unit);
  else if constexpr (std::is_same_v<T, calendar::SpecialDay>)
    a.all(e.date, e.off, e.name, e.notice);
  else if constexpr (std::is_same_v<T, calendar::Counted>)
    a.all(e.start, e.unit, e.n, e.kind, e.first_counted, e.raw_end, e.due_on, e.due_at, e.provisional, e.edition,
          e.specials);
  else if constexpr (std::is_same_v<T, DaysCounted>)
    a.all(e.formula, e.function, e.counted);
  else if constexpr (std::is_same_v<T, CaseOpened>)
    a.all(e.pack, e.type, e.number, e.channel, e.person, e.tracking_hash);
  else if constexpr (std::is_same_v<T, ActionTaken>)
    a.all(e.action, e.outcome, e.form, e.from_state, e.to_state, e.held_by, e.assignment, e.flags, e.basis),
        a.tail(e.counted);
  else if constexpr (std::is_same_v<T, FieldsSet>)
    a.all(e.fields), a.tail(e.counted);
  else if constexpr (std::is_same_v<T, DecisionMade>)
    a.all(e.decision, e.mode, e.suggestion, e.choice, e.reason, e.inputs, e.matched, e.decided_by, e.at_least,
          e.missing, e.bases),
        a.tail(e.counted);
  else if constexpr (std::is_same_v<T, LookedUp>)
    a.all(e.look_up, e.reg, e.entry, e.revision);
  else if constexpr (std::is_same_v<T, Assigned>)
    a.all(e.no, e.name, e.unit, e.person, e.under, e.given_by, e.basis);
  else if constexpr (std::is_same_v<T, AssignmentEnded>)
    a.all(e.no, e.reason);
  else if constexpr (std::is_same_v<T, ClockStarted>)
    a.all(e.no, e.name, e.type, e.scope, e.scope_ref, e.force, e.owner, e.counted, e.started_at, e.basis);
  else if constexpr (std::is_same_v<T, ClockPaused>)
    a.all(e.no, e.at, e.basis);
  else if constexpr (std::is_same_v<T, ClockResumed>)
    a.all(e.no, e.at, e.counted);
  else if constexpr (std::is_same_v<T, ClockExtended>)
    a.all(e.no, e.counted, e.basis);
  else if constexpr (std::is_same_v<T, ClockStopped>)
    a.all(e.no, e.how, e.at, e.late);
  else if constexpr (std::is_same_v<T, ClockReopened>)
    a.all(e.no);
  else if constexpr (std::is_same_v<T, ClockExpired>)
    a.all(e.no, e.due_at);
  else if constexpr (std::is_same_v<T, ClockRecomputed>)
    a.all(e.no, e.segment, e.counted, e.old_due_on);
  else if constexpr (std::is_same_v<T, AskOpened>)
    a.all(e.no, e.name, e.of_role, e.of_unit, e.shields, e.amount);
  else if constexpr (std::is_same_v<T, AskAnswered>)
    a.all(e.no, e.answer);
  else if constexpr (std::is_same_v<T, LetterSent>)
    a.all(e.letter, e.channel, e.to_role, e.to_unit, e.text, e.basis), a.tail(e.counted);
  else if constexpr (std::is_same_v<T, Linked>)
    a.all(e.kind, e.inverse, e.other, e.other_number, e.other_type, e.holds);
  else if constexpr (std::is_same_v<T, HoldReleased>)
    a.all(e.other);
  else if constexpr (std::is_same_v<T, CaseClosed>)
    a.all(e.result, e.keep);
  else if constexpr (std::is_same_v<T, NoteAdded>)
    a.all(e.text);
  else if constexpr (std::is_same_v<T, DocumentFiled>)
    a.all(e.document, e.name, e.media_type, e.bytes, e.stored_hash, e.group);
  else if constexpr (std::is_same_v<T, EditionMoved>)
    a.all(e.from, e.to, e.reason);
  else if constexpr (std::is_same_v<T, PersonErased>)
    a.all(e.person, e.basis);
  else if constexpr (std::is_same_v<T, RegisterEntryPut>)
    a.all(e.reg, e.entry, e.revision, e.valid_from, e.valid_to, e.values, e.seed, e.basis);
  else if constexpr (std::is_same_v<T, LettersHeld>)
    a.all(e.from_version, e.until);
  else if constexpr (std::is_same_v<T, ActUndone>)
    a.all(e.act);
  else if constexpr (std::is_same_v<T, LinkEnded>)
    a.all(e.kind, e.inverse, e.other);
  else
    static_assert(!sizeof(T), "an event without a list of members");
}

// Reads the body whose index in the variant is `index`.
template <size_t I = 0>
bool read_body(size_t index, Reader& reader, Body& body) {
  if constexpr (I < std::variant_size_v<Body>) {
    if (index == I) {
      members(reader, body.emplace<I>());
      return true;
    }
    return read_body<I + 1>(index, reader, body);
  } else {
    return false;
  }
}

constexpr std::string_view kNames[] = {
    "CaseOpened",      "ActionTaken",      "FieldsSet",       "DecisionMade", "LookedUp",      "Assigned",
    "AssignmentEnded", "ClockStarted",     "ClockPaused",     "ClockResumed", "ClockExtended", "ClockStopped",
    "ClockReopened",   "ClockExpired",     "ClockRecomputed", "AskOpened",    "AskAnswered",   "LetterSent",
    "Linked",          "HoldReleased",     "CaseClosed",      "NoteAdded",    "DocumentFiled", "EditionMoved",
    "PersonErased",    "RegisterEntryPut", "LettersHeld",     "ActUndone",    "LinkEnded"};
static_assert(std::size(kNames) == std::variant_size_v<Body>);

}  // namespace

const FieldValue* find_value(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view name_of(const Body& body) { return kNames[body.index()]; }

// Does the body end with what was counted?
static bool counts(const Body& body) {
  return std::visit(
      [](const auto& b) {
        using T = std::decay_t<decltype(b)>;
        if constexpr (std::is_same_v<T, ActionTaken> || std::is_same_v<T, FieldsSet> ||
                      std::is_same_v<T, DecisionMade> || std::is_same_v<T, LetterSent>)
          return !b.counted.empty();
        else
          return false;
      },
      body);
}

std::string encode(const Event& event, bool continues) {
  const Envelope& e = event.envelope;
  Writer writer;
  writer.out.put_byte(kFormat);
  writer.out.put_byte(static_cast<uint8_t>(event.body.index() + 1));
  writer.out.put_id(e.stream);
  writer.out.put_unsigned(e.version);
  uint8_t flags = 0;
  if (continues)
    flags = kContinues;
  else
    flags = static_cast<uint8_t>((e.imported ? kImported : 0) | (e.cause ? kHasCause : 0) |
                                 (e.happened_at != e.recorded_at ? kHappenedElsewhen : 0));
  if (counts(event.body)) flags |= kCounts;
  writer.out.put_byte(flags);
  if (!continues) {
    writer.all(e.command, e.recorded_at);
    if (flags & kHappenedElsewhen) writer.member(e.happened_at);
    writer.member(e.actor);
    if (e.cause) writer.member(*e.cause);
  }
  std::visit([&](const auto& body) { members(writer, body); }, event.body);
  return writer.out.take();
}

Result<Event> decode(std::string_view bytes, const Event* previous) {
  Reader reader(bytes);
  Event event;
  Envelope& e = event.envelope;
  const uint8_t format = reader.in.get_byte();
  if (reader.in.ok() && format != kFormat) {
    return fail(Trouble::unsupported, "An event has byte format " + std::to_string(format) +
                                          "; this program knows format 1. Use the newer program that wrote it.");
  }
  const uint8_t type = reader.in.get_byte();
  e.stream = reader.in.get_id();
  e.version = reader.in.get_unsigned();
  uint8_t flags = reader.in.get_byte();
  reader.has_tail = (flags & kCounts) != 0;
  flags &= static_cast<uint8_t>(~kCounts);
  if (flags & kContinues) {
    if (flags != kContinues || !previous || previous->envelope.stream != e.stream) {
      return fail(Trouble::corrupt, "An event continues a command that is not before it.");
    }
    const uint64_t version = e.version;
    e = previous->envelope;
    e.version = version;
  } else {
    if (flags & ~(kImported | kHasCause | kHappenedElsewhen))
      return fail(Trouble::corrupt, "An event has unknown flags.");
    reader.all(e.command, e.recorded_at);
    e.happened_at = e.recorded_at;
    if (flags & kHappenedElsewhen) reader.member(e.happened_at);
    reader.member(e.actor);
    if (flags & kHasCause) reader.member(e.cause.emplace());
    e.imported = (flags & kImported) != 0;
  }
  if (type == 0 || !read_body(type - 1, reader, event.body)) {
    return fail(Trouble::unsupported,
                "An event has type " + std::to_string(type) + ", which this program does not know.");
  }
  if (!reader.in.ok() || !reader.in.at_end() || reader.has_tail) {
    return fail(Trouble::corrupt, "The bytes of an event of type " + std::to_string(type) + " are damaged.");
  }
  return event;
}

Result<std::vector<Event>> decode_all(const std::vector<std::string_view>& bytes) {
  std::vector<Event> events;
  events.reserve(bytes.size());
  for (const auto& one : bytes) events.push_back(TRY(decode(one, events.empty() ? nullptr : &events.back())));
  return events;
}

std::string encode_fields(const Fields& fields) {
  Writer writer;
  writer.out.put_byte(kFormat);
  writer.member(fields);
  return writer.out.take();
}

Result<Fields> decode_fields(std::string_view bytes) {
  if (bytes.empty()) return Fields{};
  Reader reader(bytes);
  if (reader.in.get_byte() != kFormat) reader.in.fail();
  Fields fields;
  reader.member(fields);
  if (!reader.in.ok() || !reader.in.at_end())
    return fail(Trouble::corrupt, "The stored list fields are damaged; run `tongban rebuild`.");
  return fields;
}

}  // namespace tongban::kernel
