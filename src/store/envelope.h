// The few bytes at the start of an event that the store checks but never interprets further: byte-format version, event
// type, stream id, stream version (LEB128). They tie the event to its row, so that a moved or swapped one shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"

namespace tongban::store {

struct Envelope {
  uint8_t format = 0;
  uint8_t type = 0;
  Id stream;
  uint64_t version = 0;
};

// Nothing when the bytes are too short or the version is not in its shortest form.
inline std::optional<Envelope> read_envelope(std::string_view event) {
  ByteReader reader(event);
  Envelope envelope;
  envelope.format = reader.get_byte();
  envelope.type = reader.get_byte();
  envelope.stream = reader.get_id();
  envelope.version = reader.get_unsigned();
  if (!reader.ok()) return std::nullopt;
  return envelope;
}

}  // namespace tongban::store
