#include "facility/images/image.h"

#include <png.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>

#include <algorithm>
#include <memory>

#include "facility/images/raster.h"

namespace tongban::facility {
namespace {

constexpr int kJpegQuality = 88, kThumbnailQuality = 80;
constexpr int kWebpQuality = 84;
constexpr int kWebpMethod = 2;                   // quick
constexpr int kMostScans = 100;                  // of a progressive JPEG: each costs a walk over the picture
constexpr size_t kLargestPng = 8 * 1024 * 1024;  // a photograph in PNG becomes a JPEG
constexpr uint32_t kMostWebpSide = WEBP_MAX_DIMENSION;

Error broken() {
  return {Trouble::invalid_input, "这张照片打不开，可能已损坏。请换一张，或用手机重新拍照、截图后再传。"};
}
Error too_many_pixels(uint64_t width, uint64_t height) {
  return {Trouble::invalid_input, "这张照片有 " + std::to_string(width) + "×" + std::to_string(height) +
                                      " 像素，最多 " + std::to_string(kMostPixels / 1'000'000) +
                                      " 百万像素。请缩小后再传。"};
}

Result<void> check_size(uint64_t width, uint64_t height) {
  if (width == 0 || height == 0) return broken();
  if (width > kMostPixels || height > kMostPixels || width * height > kMostPixels)
    return too_many_pixels(width, height);
  return {};
}

struct EndTurbo {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Turbo = std::unique_ptr<void, EndTurbo>;

int scans_of(std::string_view bytes) {
  int scans = 0;
  for (size_t at = bytes.find("\xff\xda"); at != std::string_view::npos; at = bytes.find("\xff\xda", at + 2)) ++scans;
  return scans;
}

// Decodes into a picture not much larger than wanted: the transform itself gives halves, quarters and eighths.
Result<Raster> read_jpeg(std::string_view bytes, uint32_t longest) {
  const Turbo turbo(tjInitDecompress());
  if (!turbo) return fail(Trouble::unavailable, "There is no memory to decode a picture.");
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, sampling = 0, colours = 0;
  if (tjDecompressHeader3(turbo.get(), data, bytes.size(), &width, &height, &sampling, &colours) != 0 || width < 1 ||
      height < 1)
    return broken();
  TRY(check_size(static_cast<uint64_t>(width), static_cast<uint64_t>(height)));
  if (scans_of(bytes) > kMostScans) return broken();
  tjscalingfactor best{1, 1};
  for (const int denominator : {2, 4, 8}) {
    const tjscalingfactor factor{1, denominator};
    if (static_cast<uint32_t>(std::max(TJSCALED(width, factor), TJSCALED(height, factor))) >= longest) best = factor;
  }
  const bool is_cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  Raster raster{static_cast<uint32_t>(TJSCALED(width, best)),
                static_cast<uint32_t>(TJSCALED(height, best)),
                is_cmyk ? 4u : 3u,
                {}};
  raster.pixels.resize(raster.row_bytes() * raster.height);
  const int done = tjDecompress2(turbo.get(), data, bytes.size(), raster.pixels.data(), static_cast<int>(raster.width),
                                 0, static_cast<int>(raster.height), is_cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_LIMITSCANS);
  // A picture that breaks off is kept as far as it goes; only what cannot be read at all is refused.
  if (done != 0 && tjGetErrorCode(turbo.get()) != TJERR_WARNING) return broken();
  if (!is_cmyk) return raster;
  Raster rgb{raster.width, raster.height, 3, {}};  // Adobe stores the four inks inverted
  rgb.pixels.resize(rgb.row_bytes() * rgb.height);
  for (size_t i = 0; i < size_t{rgb.width} * rgb.height; ++i) {
    const uint8_t* ink = raster.pixels.data() + 4 * i;
    for (size_t c = 0; c < 3; ++c) rgb.pixels[3 * i + c] = static_cast<uint8_t>(ink[c] * ink[3] / 255);
  }
  return rgb;
}

Result<Raster> read_png(std::string_view bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return broken();
  const std::unique_ptr<png_image, void (*)(png_image*)> end(&image, [](png_image* one) { png_image_free(one); });
  TRY(check_size(image.width, image.height));
  const bool has_alpha = (image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  image.format = has_alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  Raster raster{image.width, image.height, has_alpha ? 4u : 3u, {}};
  raster.pixels.resize(raster.row_bytes() * raster.height);
  if (png_image_finish_read(&image, nullptr, raster.pixels.data(), 0, nullptr) == 0) return broken();
  return raster;
}

Result<Raster> read_webp(std::string_view bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK || features.width < 1 || features.height < 1)
    return broken();
  TRY(check_size(static_cast<uint64_t>(features.width), static_cast<uint64_t>(features.height)));
  if (features.has_animation != 0)
    return fail(Trouble::invalid_input, "这是会动的图片，不能上传。请传照片或者截图；录像请传 MP4。");
  Raster raster{static_cast<uint32_t>(features.width),
                static_cast<uint32_t>(features.height),
                features.has_alpha != 0 ? 4u : 3u,
                {}};
  raster.pixels.resize(raster.row_bytes() * raster.height);
  const auto read = features.has_alpha != 0 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (!read(data, bytes.size(), raster.pixels.data(), raster.pixels.size(), static_cast<int>(raster.row_bytes())))
    return broken();
  return raster;
}

Result<std::string> write_jpeg(const Raster& raster, int quality) {
  const Turbo turbo(tjInitCompress());
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool done =
      turbo && tjCompress2(turbo.get(), raster.pixels.data(), static_cast<int>(raster.width), 0,
                           static_cast<int>(raster.height), TJPF_RGB, &bytes, &size, TJSAMP_420, quality, 0) == 0;
  std::string out = done ? std::string(reinterpret_cast<const char*>(bytes), size) : std::string();
  tjFree(bytes);
  if (!done) return fail(Trouble::unavailable, "The picture cannot be written.");
  return out;
}

Result<std::string> write_png(const Raster& raster) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = raster.width;
  image.height = raster.height;
  image.format = raster.channels == 4 ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  std::string out(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = out.size();
  if (png_image_write_to_memory(&image, out.data(), &size, 0, raster.pixels.data(), 0, nullptr) == 0)
    return fail(Trouble::unavailable, "The picture cannot be written.");
  out.resize(size);
  return out;
}

Result<std::string> write_webp(const Raster& raster) {
  WebPConfig config;
  WebPPicture picture;
  if (!WebPConfigPreset(&config, WEBP_PRESET_PHOTO, kWebpQuality) || !WebPPictureInit(&picture))
    return fail(Trouble::unavailable, "The picture cannot be written.");
  config.method = kWebpMethod;
  picture.width = static_cast<int>(raster.width);
  picture.height = static_cast<int>(raster.height);
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  const auto import = raster.channels == 4 ? WebPPictureImportRGBA : WebPPictureImportRGB;
  const bool done = import(&picture, raster.pixels.data(), static_cast<int>(raster.row_bytes())) != 0 &&
                    WebPEncode(&config, &picture) != 0;
  std::string out = done ? std::string(reinterpret_cast<const char*>(writer.mem), writer.size) : std::string();
  WebPPictureFree(&picture);
  WebPMemoryWriterClear(&writer);
  if (!done) return fail(Trouble::unavailable, "The picture cannot be written.");
  return out;
}

// Upright, and at most so long.
Result<Raster> read(std::string_view bytes, ImageType type, uint32_t longest) {
  Raster raster = TRY(type == ImageType::jpeg  ? read_jpeg(bytes, longest)
                      : type == ImageType::png ? read_png(bytes)
                                               : read_webp(bytes));
  uint32_t width = raster.width, height = raster.height;
  fit(longest, width, height);
  if (width != raster.width || height != raster.height) raster = scale_down(raster, width, height);
  const int orientation = type == ImageType::jpeg   ? jpeg_orientation(bytes)
                          : type == ImageType::webp ? webp_orientation(bytes)
                                                    : 1;
  return upright(std::move(raster), orientation);
}

}  // namespace

std::string_view media_type_of(ImageType type) {
  switch (type) {
    case ImageType::jpeg:
      return "image/jpeg";
    case ImageType::png:
      return "image/png";
    case ImageType::webp:
      return "image/webp";
  }
  return {};
}

std::optional<ImageType> image_type(std::string_view head) {
  if (head.starts_with("\x89PNG\r\n\x1a\n")) return ImageType::png;
  if (head.starts_with("\xff\xd8\xff")) return ImageType::jpeg;
  if (head.starts_with("RIFF") && head.size() >= 12 && head.substr(8, 4) == "WEBP") return ImageType::webp;
  return std::nullopt;
}

Result<Image> clean_image(std::string_view bytes, uint32_t longest) {
  const auto type = image_type(bytes);
  if (!type) return broken();
  Raster raster = TRY(read(bytes, *type, std::min(longest, kMostWebpSide)));
  Image image{.bytes = {}, .type = *type, .width = raster.width, .height = raster.height};
  if (*type == ImageType::webp) {
    image.bytes = TRY(write_webp(raster));
    return image;
  }
  if (*type == ImageType::png) {
    image.bytes = TRY(write_png(raster));
    if (image.bytes.size() <= kLargestPng) return image;
    image.type = ImageType::jpeg;
  }
  image.bytes = TRY(write_jpeg(without_alpha(std::move(raster)), kJpegQuality));
  return image;
}

Result<Image> thumbnail(std::string_view bytes) {
  const auto type = image_type(bytes);
  if (!type) return broken();
  const Raster raster = without_alpha(TRY(read(bytes, *type, kThumbnailSide)));
  return Image{TRY(write_jpeg(raster, kThumbnailQuality)), ImageType::jpeg, raster.width, raster.height};
}

}  // namespace tongban::facility
