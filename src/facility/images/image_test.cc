// Pictures made in the test: with a place in EXIF, lying on the side, huge on paper, cut off, and with bytes changed.
#include "facility/images/image.h"

#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>
#include <webp/encode.h>
#include <zlib.h>

#include <random>

#include "facility/images/raster.h"

namespace tongban::facility {
namespace {

// Left half red, right half blue, the top row of quarters brighter.
std::vector<uint8_t> two_colours(uint32_t width, uint32_t height, uint32_t channels = 3) {
  std::vector<uint8_t> pixels;
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const bool left = x < width / 2;
      const uint8_t strength = y < height / 4 ? 255 : 200;
      pixels.insert(pixels.end(), {left ? strength : uint8_t{0}, uint8_t{0}, left ? uint8_t{0} : strength});
      if (channels == 4) pixels.push_back(255);
    }
  }
  return pixels;
}

std::string jpeg_of(uint32_t width, uint32_t height, int flags = 0) {
  const auto pixels = two_colours(width, height);
  void* turbo = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(turbo, pixels.data(), static_cast<int>(width), 0, static_cast<int>(height), TJPF_RGB, &bytes,
                        &size, TJSAMP_444, 95, flags),
            0);
  std::string out(reinterpret_cast<const char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(turbo);
  return out;
}

std::string png_of(uint32_t width, uint32_t height, uint32_t channels = 3) {
  const auto pixels = two_colours(width, height, channels);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = channels == 4 ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string out(size, '\0');
  EXPECT_NE(png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), 0, nullptr), 0);
  out.resize(size);
  return out;
}

std::string webp_of(uint32_t width, uint32_t height) {
  const auto pixels = two_colours(width, height);
  uint8_t* bytes = nullptr;
  const size_t size = WebPEncodeRGB(pixels.data(), static_cast<int>(width), static_cast<int>(height),
                                    static_cast<int>(width * 3), 90, &bytes);
  std::string out(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return out;
}

// A TIFF directory with the orientation and a GPS block that holds a telling text.
std::string exif(int orientation) {
  std::string tiff("MM\0\x2a\0\0\0\x08\0\x02", 10);
  tiff += std::string("\x01\x12\0\x03\0\0\0\x01\0", 9) + static_cast<char>(orientation) + std::string("\0\0", 2);
  tiff += std::string("\x88\x25\0\x04\0\0\0\x01\0\0\0\x26", 12) + std::string("\0\0\0\0", 4);
  return tiff + "GPSLatitude 29.5630 N";
}

std::string with_exif(const std::string& jpeg, int orientation) {
  const std::string body = std::string("Exif\0\0", 6) + exif(orientation);
  const size_t size = body.size() + 2;
  return jpeg.substr(0, 2) + "\xff\xe1" + static_cast<char>(size >> 8) + static_cast<char>(size & 255) + body +
         jpeg.substr(2);
}

// A PNG whose head promises another size than its body has.
std::string png_that_claims(uint32_t width, uint32_t height) {
  std::string png = png_of(4, 4);
  for (int i = 0; i < 4; ++i) {
    png[16 + static_cast<size_t>(i)] = static_cast<char>(width >> (24 - 8 * i));
    png[20 + static_cast<size_t>(i)] = static_cast<char>(height >> (24 - 8 * i));
  }
  const auto sum = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(png.data() + 12), 17));
  for (int i = 0; i < 4; ++i) png[29 + static_cast<size_t>(i)] = static_cast<char>(sum >> (24 - 8 * i));
  return png;
}

std::string pixel_names(const Image& image) {
  void* turbo = tjInitDecompress();
  std::vector<uint8_t> pixels(size_t{image.width} * image.height * 3);
  EXPECT_EQ(tjDecompress2(turbo, reinterpret_cast<const unsigned char*>(image.bytes.data()), image.bytes.size(),
                          pixels.data(), static_cast<int>(image.width), 0, static_cast<int>(image.height), TJPF_RGB, 0),
            0);
  tjDestroy(turbo);
  const auto name = [&](uint32_t x, uint32_t y) {
    const uint8_t* p = pixels.data() + (size_t{y} * image.width + x) * 3;
    return p[0] > p[2] + 60 ? "r" : p[2] > p[0] + 60 ? "b" : "?";
  };
  const uint32_t right = image.width - 2, bottom = image.height - 2;
  return std::string(name(1, 1)) + name(right, 1) + name(1, bottom) + name(right, bottom);
}

TEST(CleanImage, place_and_camera_are_gone_and_the_picture_stays) {
  const std::string sent = with_exif(jpeg_of(64, 32), 1) + "hidden behind the picture";
  ASSERT_NE(sent.find("GPSLatitude"), std::string::npos);
  const auto clean = clean_image(sent);
  ASSERT_TRUE(clean.ok()) << clean.error().message;
  EXPECT_EQ(clean->type, ImageType::jpeg);
  EXPECT_EQ(clean->bytes.find("GPSLatitude"), std::string::npos);
  EXPECT_EQ(clean->bytes.find("Exif"), std::string::npos);
  EXPECT_EQ(clean->bytes.find("hidden"), std::string::npos);
  EXPECT_EQ(clean->width, 64u);
  EXPECT_EQ(clean->height, 32u);
  EXPECT_EQ(pixel_names(*clean), "rbrb");
}

TEST(CleanImage, the_picture_stands_upright_whatever_the_camera_noted) {
  // Corners of the upright picture: above left, above right, below left, below right.
  const std::pair<int, const char*> kExpected[] = {{1, "rbrb"}, {2, "brbr"}, {3, "brbr"}, {4, "rbrb"}, {5, "rrbb"},
                                                   {6, "rrbb"}, {7, "bbrr"}, {8, "bbrr"}, {0, "rbrb"}, {9, "rbrb"}};
  for (const auto& [orientation, corners] : kExpected) {
    const auto clean = clean_image(with_exif(jpeg_of(64, 32), orientation));
    ASSERT_TRUE(clean.ok());
    EXPECT_EQ(pixel_names(*clean), corners) << orientation;
    const bool turned = orientation >= 5 && orientation <= 8;
    EXPECT_EQ(clean->width, turned ? 32u : 64u) << orientation;
  }
}

TEST(Upright, every_orientation_moves_each_corner_as_exif_says) {
  // 1 2 3      one byte for each pixel in the red channel
  // 4 5 6
  Raster raster{3, 2, 3, {}};
  for (uint8_t i = 1; i <= 6; ++i) raster.pixels.insert(raster.pixels.end(), {i, 0, 0});
  const std::pair<int, std::vector<int>> kExpected[] = {
      {1, {1, 2, 3, 4, 5, 6}}, {2, {3, 2, 1, 6, 5, 4}}, {3, {6, 5, 4, 3, 2, 1}}, {4, {4, 5, 6, 1, 2, 3}},
      {5, {1, 4, 2, 5, 3, 6}}, {6, {4, 1, 5, 2, 6, 3}}, {7, {6, 3, 5, 2, 4, 1}}, {8, {3, 6, 2, 5, 1, 4}}};
  for (const auto& [orientation, expected] : kExpected) {
    const Raster out = upright(raster, orientation);
    std::vector<int> seen;
    for (size_t i = 0; i < out.pixels.size(); i += 3) seen.push_back(out.pixels[i]);
    EXPECT_EQ(seen, expected) << orientation;
  }
}

TEST(ScaleDown, each_pixel_is_the_mean_of_its_area) {
  Raster raster{4, 2, 3, {}};
  for (const uint8_t v : {0, 100, 200, 40, 100, 200, 0, 0}) raster.pixels.insert(raster.pixels.end(), {v, v, v});
  const Raster half = scale_down(raster, 2, 1);
  ASSERT_EQ(half.pixels.size(), 6u);
  EXPECT_EQ(half.pixels[0], 100);
  EXPECT_EQ(half.pixels[3], 60);
  // 3 to 2: the middle pixel counts half on each side.
  Raster three{3, 1, 3, {0, 0, 0, 90, 90, 90, 240, 240, 240}};
  const Raster two = scale_down(three, 2, 1);
  EXPECT_EQ(two.pixels[0], 30);
  EXPECT_EQ(two.pixels[3], 190);
  EXPECT_EQ(scale_down(three, 3, 1).pixels, three.pixels);
}

TEST(CleanImage, a_large_picture_is_scaled_to_the_longest_side) {
  const auto clean = clean_image(jpeg_of(5000, 1250));
  ASSERT_TRUE(clean.ok());
  EXPECT_EQ(clean->width, 4096u);
  EXPECT_EQ(clean->height, 1024u);
  EXPECT_EQ(pixel_names(*clean), "rbrb");
}

TEST(CleanImage, png_and_webp_keep_their_type) {
  const auto png = clean_image(png_of(40, 20, 4));
  ASSERT_TRUE(png.ok()) << png.error().message;
  EXPECT_EQ(image_type(png->bytes), ImageType::png);
  const auto webp = clean_image(webp_of(40, 20));
  ASSERT_TRUE(webp.ok()) << webp.error().message;
  EXPECT_EQ(image_type(webp->bytes), ImageType::webp);
}

TEST(CleanImage, texts_in_a_png_are_gone) {
  std::string png = png_of(8, 8);
  const std::string body = std::string("tEXt") + "Comment" + '\0' + "taken at home";
  const auto sum =
      static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  std::string chunk(4, '\0');
  chunk[3] = static_cast<char>(body.size() - 4);
  chunk += body;
  for (int i = 0; i < 4; ++i) chunk += static_cast<char>(sum >> (24 - 8 * i));
  png.insert(33, chunk);
  const auto clean = clean_image(png);
  ASSERT_TRUE(clean.ok()) << clean.error().message;
  EXPECT_EQ(clean->bytes.find("taken at home"), std::string::npos);
}

TEST(CleanImage, a_hundred_megapixels_are_refused_from_the_head) {
  const auto refused = clean_image(png_that_claims(10'000, 10'000));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().trouble, Trouble::invalid_input);
  EXPECT_NE(refused.error().message.find("10000×10000"), std::string::npos) << refused.error().message;
  for (const auto& [width, height] : {std::pair{50'001u, 1'000u}, {1'000'000u, 51u}}) {
    const auto other = clean_image(png_that_claims(width, height));
    ASSERT_FALSE(other.ok());
    EXPECT_NE(other.error().message.find("像素，最多"), std::string::npos) << other.error().message;
  }
}

TEST(CleanImage, sizes_that_overflow_or_vanish_are_refused) {
  for (const auto& [width, height] : {std::pair{0u, 10u}, {10u, 0u}, {0x7fffffffu, 0x7fffffffu}, {0xffffffffu, 2u}})
    EXPECT_FALSE(clean_image(png_that_claims(width, height)).ok()) << width << "x" << height;
}

TEST(CleanImage, a_jpeg_with_endless_scans_is_refused) {
  std::string jpeg = jpeg_of(64, 64, TJFLAG_PROGRESSIVE);
  ASSERT_TRUE(clean_image(jpeg).ok());
  const size_t scan = jpeg.rfind("\xff\xda");
  const std::string last = jpeg.substr(scan, jpeg.size() - 2 - scan);
  for (int i = 0; i < 200; ++i) jpeg.insert(jpeg.size() - 2, last);
  EXPECT_FALSE(clean_image(jpeg).ok());
}

TEST(CleanImage, other_files_are_no_pictures) {
  for (const std::string& bytes :
       {std::string(), std::string("GIF89a........"), std::string("<svg onload=alert(1)>"), std::string("%PDF-1.7\n"),
        std::string("\xff\xd8\xff"), std::string("\x89PNG\r\n\x1a\n")})
    EXPECT_FALSE(clean_image(bytes).ok()) << bytes;
}

TEST(CleanImage, cut_off_and_changed_files_never_crash) {
  std::mt19937 random(20'261'122);  // the seed is fixed: a failure can be repeated
  for (const std::string& whole :
       {with_exif(jpeg_of(96, 64), 6), jpeg_of(64, 64, TJFLAG_PROGRESSIVE), png_of(48, 48, 4), webp_of(64, 48)}) {
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 200) (void)clean_image(whole.substr(0, size));
    for (int round = 0; round < 400; ++round) {
      std::string changed = whole;
      for (int i = 0; i < 1 + round % 8; ++i) changed[random() % changed.size()] = static_cast<char>(random());
      const auto clean = clean_image(changed);
      if (clean.ok()) {
        EXPECT_LE(uint64_t{clean->width} * clean->height, kMostPixels);
      } else {
        EXPECT_EQ(clean.error().trouble, Trouble::invalid_input);
      }
    }
  }
}

TEST(Thumbnail, is_a_small_jpeg) {
  for (const std::string& bytes : {jpeg_of(2000, 1000), png_of(640, 320, 4), webp_of(800, 400)}) {
    const auto small = thumbnail(bytes);
    ASSERT_TRUE(small.ok());
    EXPECT_EQ(image_type(small->bytes), ImageType::jpeg);
    EXPECT_EQ(small->width, kThumbnailSide);
    EXPECT_EQ(small->height, kThumbnailSide / 2);
    EXPECT_EQ(pixel_names(*small), "rbrb");
  }
  EXPECT_EQ(thumbnail(png_of(10, 20))->width, 10u) << "a small picture is not blown up";
}

TEST(Thumbnail, what_is_transparent_lies_on_white) {
  Raster raster{1, 1, 4, {0, 0, 0, 0}};
  EXPECT_EQ(without_alpha(raster).pixels, (std::vector<uint8_t>{255, 255, 255}));
}

TEST(Orientation, broken_directories_mean_none) {
  EXPECT_EQ(tiff_orientation(exif(6)), 6);
  EXPECT_EQ(tiff_orientation(""), 1);
  EXPECT_EQ(tiff_orientation(std::string("MM\0\x2a\xff\xff\xff\xff", 8)), 1);
  EXPECT_EQ(tiff_orientation(std::string("II\x2a\0\x08\0\0\0\xff\xff", 10)), 1);
}

}  // namespace
}  // namespace tongban::facility
