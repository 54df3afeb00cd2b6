// Photographs from outside: checked, cleaned and scaled before they are kept. Only the pixels survive: place, time,
// camera, comments, colour profiles, previews and whatever hangs behind the picture are gone, since the file is written
// anew. Dimensions are read before anything is decoded, so that a small file cannot ask for much memory; the most that
// one call takes is about kMostPixels * 6 bytes (a progressive JPEG). Hostile bytes give a refusal, never a crash.
// Pure; takes up to seconds, so call it on a thread that may wait, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tongban::facility {

enum class ImageType : uint8_t { jpeg, png, webp };
std::string_view media_type_of(ImageType type);  // "image/jpeg"
// By the first bytes (16 are enough).
std::optional<ImageType> image_type(std::string_view head);

struct Image {
  std::string bytes;
  ImageType type = ImageType::jpeg;
  uint32_t width = 0, height = 0;
};

inline constexpr uint64_t kMostPixels = 50'000'000;
inline constexpr uint32_t kLongestSide = 4096;
inline constexpr uint32_t kThumbnailSide = 320;

// The picture upright, its longer side at most `longest`. The type stays, but a PNG that would be very large becomes a
// JPEG. Failure: invalid_input, with a sentence for the person who sent it (broken, too many pixels, animated).
Result<Image> clean_image(std::string_view bytes, uint32_t longest = kLongestSide);
// A JPEG on white whose longer side is at most kThumbnailSide.
Result<Image> thumbnail(std::string_view bytes);

}  // namespace tongban::facility
