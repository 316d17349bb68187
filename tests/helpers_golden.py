"""Small article pages of five languages, and the text that must come out of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tests.helpers_clean import cleaned, story


@dataclass(frozen=True)
class Golden:
    """A page as its theme writes it, the text that must come out, and what must be cut by which rule."""

    language: str
    title: str
    markup: str
    text: str
    cut: dict[str, tuple[str, str]]


ARABIC = Golden(
    language="ar",
    title="افتتاح حديقة على شاطئ مرسى نور",
    markup="""
      <p>مرسى نور — أعلن المجلس البلدي أمس افتتاح حديقة عامة على الشاطئ بعد عامين من العمل.</p>
      <div class="share-buttons"><a href="#">فيسبوك</a> <a href="#">تويتر</a></div>
      <p>وقالت رئيسة المجلس إن المشروع كلّف <b>ثلاثة ملايين</b> دولار، تحمّلت سلطة الميناء ثُلثها.</p>
      <p>اقرأ أيضًا: <a href="/2">الصيادون يرممون شباكهم</a></p>
      <h2>أشجار ومقاعد</h2>
      <ul><li>مئتا شجرة من مشاتل الجبل</li><li>ممر للدراجات طوله كيلومتران</li></ul>
      <p>وتُفتح الأبواب يوميًّا من السادسة صباحًا حتى منتصف الليل\u200f.</p>
      <p>© الساحل اليوم ٢٠٢٦</p>""",
    text="""مرسى نور — أعلن المجلس البلدي أمس افتتاح حديقة عامة على الشاطئ بعد عامين من العمل.

وقالت رئيسة المجلس إن المشروع كلّف ثلاثة ملايين دولار، تحمّلت سلطة الميناء ثُلثها.

أشجار ومقاعد

مئتا شجرة من مشاتل الجبل

ممر للدراجات طوله كيلومتران

وتُفتح الأبواب يوميًّا من السادسة صباحًا حتى منتصف الليل.""",
    cut={
        "فيسبوك تويتر": ("structure.share", "div.share-buttons"),
        "اقرأ أيضًا: الصيادون يرممون شباكهم": ("phrase.ar.read_also.start.1", "p"),
        "© الساحل اليوم ٢٠٢٦": ("structure.copyright", "p"),
    },
)
PERSIAN = Golden(
    language="fa",
    title="گشایش پارک ساحلی در مرسی نور",
    markup="""
      <p>شورای شهر دیروز اعلام کرد که پارک تازه\u200cای در کنار دریا گشایش یافته است.</p>
      <p>شهردار گفت: «هزینهٔ ساخت سه میلیون دلار بوده و یک\u200cسوم آن را ادارهٔ بندر پرداخته است.»</p>
      <p>در همین زمینه: <a href="/2">ماهیگیران تور می\u200cبافند</a></p>
      <p>ساکنان می\u200cخواستند درخت\u200cها و نیمکت\u200cهای بیشتری در نقشه گنجانده\u00a0شود.</p>
      <p>انتهای پیام/</p>
      <p>کد خبر: ۱۲۳۴۵</p>""",
    text="""شورای شهر دیروز اعلام کرد که پارک تازه\u200cای در کنار دریا گشایش یافته است.

شهردار گفت: «هزینهٔ ساخت سه میلیون دلار بوده و یک\u200cسوم آن را ادارهٔ بندر پرداخته است.»

ساکنان می\u200cخواستند درخت\u200cها و نیمکت\u200cهای بیشتری در نقشه گنجانده شود.""",
    cut={
        "در همین زمینه: ماهیگیران تور می\u200cبافند": ("phrase.fa.read_also.start.26", "p"),
        "انتهای پیام/": ("phrase.fa.sign_off.line.1", "p"),
        "کد خبر: ۱۲۳۴۵": ("phrase.fa.dateline.start.18", "p"),
    },
)
HEBREW = Golden(
    language="he",
    title="פארק חדש נפתח לחוף הים",
    markup="""
      <p>מועצת העיר הודיעה אתמול על פתיחת פארק ציבורי חדש לחוף הים לאחר שנתיים של עבודה.<br><br>
      ״חיכינו לזה עשר שנים״, אמרה שכנה ותיקה ברח׳ הרציף.</p>
      <p>קראו גם: <a href="/2">הדייגים תיקנו רשתות</a></p>
      <p>עלות הפרויקט הגיעה לשלושה מיליון ש״ח, שליש מהם מימנה רשות הנמל.</p>
      <p>תגיות: פארק, ים</p>""",
    text="""מועצת העיר הודיעה אתמול על פתיחת פארק ציבורי חדש לחוף הים לאחר שנתיים של עבודה.

״חיכינו לזה עשר שנים״, אמרה שכנה ותיקה ברח׳ הרציף.

עלות הפרויקט הגיעה לשלושה מיליון ש״ח, שליש מהם מימנה רשות הנמל.""",
    cut={
        "קראו גם: הדייגים תיקנו רשתות": ("phrase.he.read_also.start.1", "p"),
        "תגיות: פארק, ים": ("phrase.he.tags.start.1", "p"),
    },
)
URDU = Golden(
    language="ur",
    title="ساحل پر نیا پارک کھل گیا",
    markup="""
      <p>شہری کونسل نے کل اعلان کیا کہ ساحل سمندر پر نیا عوامی پارک دو سال کی محنت کے بعد کھول دیا گیا ہے۔</p>
      <p>مزید پڑھیں: <a href="/2">ماہی گیر جال مرمت کرتے ہیں</a></p>
      <blockquote><p>”ہم نے دس سال انتظار کیا،“ ایک پڑوسی نے کہا۔</p></blockquote>
      <p>میئر نے بتایا کہ اس منصوبے پر تیس لاکھ ڈالر خرچ ہوئے، جن میں سے ایک تہائی بندرگاہ نے ادا کیے۔</p>""",
    text="""شہری کونسل نے کل اعلان کیا کہ ساحل سمندر پر نیا عوامی پارک دو سال کی محنت کے بعد کھول دیا گیا ہے۔

”ہم نے دس سال انتظار کیا،“ ایک پڑوسی نے کہا۔

میئر نے بتایا کہ اس منصوبے پر تیس لاکھ ڈالر خرچ ہوئے، جن میں سے ایک تہائی بندرگاہ نے ادا کیے۔""",
    cut={"مزید پڑھیں: ماہی گیر جال مرمت کرتے ہیں": ("phrase.ur.read_also.start.5", "p")},
)
ENGLISH = Golden(
    language="en",
    title="New park opens on the quay",
    markup="""
      <figure><img src="/crane.jpg" alt="Harbour"><figcaption>A crane at the quay.</figcaption></figure>
      <p>The council of the harbour town said on Monday that a <a href="/2">park</a> will open in spring.</p>
      <aside><h3>More on this story</h3><p>Nets mended</p></aside>
      <p>Work began two years ago<sup>1</sup> &amp; cost &lt;3 million dollars; H<sub>2</sub>O is free.</p>
      <table><tr><th>Part</th><th>Cost</th></tr><tr><td>Trees</td><td>40,000</td></tr></table>
      <blockquote>“We waited ten years,” said a neighbour.</blockquote>
      <p>Read more: <a href="/2">Fishermen mend their nets</a></p>
      <p>The first trees were planted in January, and a nursery has promised two hun\u00addred more.</p>
      <div class="newsletter"><p>Sign up for the morning letter of our desk.</p></div>""",
    text="""The council of the harbour town said on Monday that a park will open in spring.

Work began two years ago1 & cost <3 million dollars; H2O is free.

Part Cost

Trees 40,000

“We waited ten years,” said a neighbour.

The first trees were planted in January, and a nursery has promised two hundred more.""",
    cut={
        "More on this story": ("structure.aside", "aside/h3"),
        "Nets mended": ("structure.aside", "aside/p"),
        "Read more: Fishermen mend their nets": ("phrase.en.read_also.start.1", "p"),
    },
)
GOLDEN = [ARABIC, PERSIAN, HEBREW, URDU, ENGLISH]


def page_of(golden: Golden) -> str:
    """The whole page of a golden article."""
    return story(golden.title, golden.markup, golden.language)


def digest() -> str:
    """Fingerprint of the outcome of every golden page, cuts and all."""
    outcomes = "".join(repr(cleaned(page_of(golden))) for golden in GOLDEN)
    return hashlib.sha256(outcomes.encode()).hexdigest()
