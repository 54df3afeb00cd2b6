#include "engine/outbox.h"

#include "base/bytes.h"
#include "base/crypto.h"

namespace tongban::engine {
namespace {

constexpr uint8_t kFormat = 1;

void put_basis(ByteWriter& out, const pack::Basis& basis) {
  out.put_byte(static_cast<uint8_t>(basis.kind));
  out.put_text(basis.document);
  out.put_text(basis.clause);
  out.put_signed(basis.reading);
}
pack::Basis get_basis(ByteReader& in) {
  pack::Basis basis;
  const uint8_t kind = in.get_byte();
  if (kind > static_cast<uint8_t>(pack::BasisKind::product)) in.fail();
  basis.kind = static_cast<pack::BasisKind>(kind);
  basis.document = in.get_text();
  basis.clause = in.get_text();
  basis.reading = static_cast<int>(in.get_signed());
  return basis;
}

void put_form(ByteWriter& out, const std::vector<kernel::FormValue>& form) {
  out.put_unsigned(form.size());
  for (const kernel::FormValue& value : form) {
    out.put_text(value.name);
    value.plain.encode(out);
  }
}
std::vector<kernel::FormValue> get_form(ByteReader& in) {
  std::vector<kernel::FormValue> form;
  const uint64_t count = in.get_unsigned();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    kernel::FormValue value;
    value.name = in.get_text();
    value.plain = feel::Value::decode(in);
    form.push_back(std::move(value));
  }
  return form;
}

void put_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.put_unsigned(texts.size());
  for (const std::string& text : texts) out.put_text(text);
}
std::vector<std::string> get_texts(ByteReader& in) {
  std::vector<std::string> texts;
  const uint64_t count = in.get_unsigned();
  for (uint64_t i = 0; i < count && in.ok(); ++i) texts.push_back(in.get_text());
  return texts;
}

}  // namespace

std::string encode_reaction(const Reaction& reaction) {
  const kernel::FollowUp& follow = reaction.follow_up;
  ByteWriter out;
  out.put_byte(kFormat);
  out.put_byte(static_cast<uint8_t>(reaction.kind));
  out.put_text(follow.rule);
  out.put_id(follow.subject);
  out.put_id(reaction.cause);
  out.put_id(reaction.cause_case);
  out.put_unsigned(reaction.index);
  out.put_unsigned(reaction.depth);
  out.put_signed(follow.happened_at.ms);
  put_basis(out, follow.basis);
  out.put_text(follow.open.pack);
  out.put_text(follow.open.type);
  put_form(out, follow.open.form);
  out.put_unsigned(follow.open.links.size());
  for (const kernel::OpenCase::Link& link : follow.open.links) {
    out.put_text(link.kind);
    out.put_id(link.other);
    out.put_text(link.other_number);
    out.put_text(link.other_type);
    put_texts(out, link.holds);
  }
  out.put_text(follow.act.action);
  put_form(out, follow.act.form);
  out.put_unsigned(follow.act.assignment);
  return out.take();
}

Result<Reaction> decode_reaction(std::string_view bytes) {
  ByteReader in(bytes);
  Reaction reaction;
  kernel::FollowUp& follow = reaction.follow_up;
  if (in.get_byte() != kFormat) in.fail();
  const uint8_t kind = in.get_byte();
  if (kind > static_cast<uint8_t>(Reaction::Kind::release)) in.fail();
  reaction.kind = static_cast<Reaction::Kind>(kind);
  follow.rule = in.get_text();
  follow.subject = in.get_id();
  reaction.cause = in.get_id();
  reaction.cause_case = in.get_id();
  reaction.index = static_cast<uint32_t>(in.get_unsigned());
  reaction.depth = static_cast<uint32_t>(in.get_unsigned());
  follow.happened_at.ms = in.get_signed();
  follow.basis = get_basis(in);
  follow.open.pack = in.get_text();
  follow.open.type = in.get_text();
  follow.open.form = get_form(in);
  const uint64_t links = in.get_unsigned();
  for (uint64_t i = 0; i < links && in.ok(); ++i) {
    kernel::OpenCase::Link link;
    link.kind = in.get_text();
    link.other = in.get_id();
    link.other_number = in.get_text();
    link.other_type = in.get_text();
    link.holds = get_texts(in);
    follow.open.links.push_back(std::move(link));
  }
  follow.act.action = in.get_text();
  follow.act.form = get_form(in);
  follow.act.assignment = static_cast<uint32_t>(in.get_unsigned());
  if (!in.ok() || !in.at_end()) return fail(Trouble::corrupt, "A stored reaction is damaged and cannot be executed.");
  return reaction;
}

std::string key_of(const Reaction& reaction) {
  ByteWriter out;
  out.put_id(reaction.cause);
  out.put_id(reaction.cause_case);
  out.put_text(reaction.follow_up.rule);
  out.put_id(reaction.follow_up.subject);
  out.put_unsigned(reaction.index);
  return to_hex(view_of(sha256(out.bytes())));
}

std::string encode_message(const Message& message) {
  ByteWriter out;
  out.put_byte(kFormat);
  out.put_id(message.case_id);
  out.put_unsigned(message.version);
  out.put_text(message.letter);
  out.put_text(message.channel);
  out.put_text(message.to_role);
  out.put_text(message.to_unit);
  return out.take();
}

Result<Message> decode_message(std::string_view bytes) {
  ByteReader in(bytes);
  Message message;
  if (in.get_byte() != kFormat) in.fail();
  message.case_id = in.get_id();
  message.version = in.get_unsigned();
  message.letter = in.get_text();
  message.channel = in.get_text();
  message.to_role = in.get_text();
  message.to_unit = in.get_text();
  if (!in.ok() || !in.at_end()) return fail(Trouble::corrupt, "A stored message is damaged and cannot be delivered.");
  return message;
}

}  // namespace tongban::engine
