#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# TwelveMonkeys imageio-webp 3.14.0: a lossy WebP that was encoded with the least effort is decoded as another picture, without an error.
#
# libwebp's method 0 (cwebp -m 0, sharp's effort 0) writes valid files of a kind that the other methods write seldom. ImageIO reads them
# with colours that have little to do with the picture, and gives no sign of it. Not every picture is hit. With method 4, the default,
# the picture is the same but for some levels of 255. Who trains on folders of WebP may train on noise in part.
#
# Seen: the mean difference from libwebp's own decoder, in levels of 255, for two pictures, and whether it is large.
#
# Needs JDK 17, Maven and Node 18 or later. Ends with 0 while the output is the one below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

echo '{"private":true,"dependencies":{"sharp":"0.33.5"}}' >package.json
npm install --no-audit --no-fund --silent >&2

cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>com.twelvemonkeys.imageio</groupId><artifactId>imageio-webp</artifactId><version>3.14.0</version></dependency>
  </dependencies>
</project>
XML
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath >&2

cat >encode.js <<'JS'
const fs = require('fs');
const sharp = require('sharp');

const pictures = {
  '64 x 64': [64, 64],
  '144 x 112': [144, 112],
};
const colour = (x, y) => [Math.sin(0.15 * x + 0.05 * y), Math.cos(0.05 * x - 0.1 * y), Math.sin(0.1 * (x + y))];

(async () => {
  for (const [name, [width, height]] of Object.entries(pictures)) {
    const rgb = Buffer.alloc(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      rgb.set(colour(i % width, Math.floor(i / width)).map((v) => Math.floor(128 + 100 * v)), 3 * i);
    }
    for (const effort of [0, 4]) {
      const webp = await sharp(rgb, { raw: { width, height, channels: 3 } }).webp({ quality: 75, effort }).toBuffer();
      fs.writeFileSync(`${name}, effort ${effort}.webp`, webp);
      fs.writeFileSync(`${name}, effort ${effort}.rgb`, await sharp(webp).removeAlpha().raw().toBuffer());
    }
  }
})();
JS
node encode.js

cat >Probe.java <<'JAVA'
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

public class Probe {
  public static void main(String[] args) throws Exception {
    for (String name : List.of("64 x 64, effort 0", "64 x 64, effort 4", "144 x 112, effort 0", "144 x 112, effort 4")) {
      BufferedImage image = ImageIO.read(new File(name + ".webp"));
      byte[] expected = Files.readAllBytes(Path.of(name + ".rgb"));
      long sum = 0;
      for (int i = 0; i < expected.length; i++) {
        int rgb = image.getRGB(i / 3 % image.getWidth(), i / 3 / image.getWidth());
        sum += Math.abs((rgb >> (16 - 8 * (i % 3)) & 255) - (expected[i] & 255));
      }
      long mean = sum / expected.length;
      System.err.println(name + ": " + mean);
      System.out.println("| " + name + ": " + (mean > 30 ? "above 30" : mean < 10 ? "below 10" : "between") + " of 255");
    }
  }
}
JAVA
java -Djava.awt.headless=true -cp "$(<classpath)" Probe.java 2>log | grep -o '| .*' | tee seen || { cat log >&2; exit 1; }
cat log >&2

diff seen - >&2 <<'EXPECTED' || { echo 'The behaviour has changed.' >&2; exit 1; }
| 64 x 64, effort 0: above 30 of 255
| 64 x 64, effort 4: below 10 of 255
| 144 x 112, effort 0: above 30 of 255
| 144 x 112, effort 4: below 10 of 255
EXPECTED
