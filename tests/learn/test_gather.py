"""Chapter 10: boxes [2, 0, 1, 3] and fruit; strings are refused; ids are not sorted places."""

from tests.learn.reading import column, read, step, verdict


def test_the_slips_fetch_grape_apple_banana_orange():
    found = read("gather")
    assert column(step(found, "boxes"), 3) == ["grape", "apple", "banana", "orange"]
    assert "must be Tensor, not list" in step(found, "strings")["shows"][0]["text"]
    korean = step(read("gather", language="ko"), "boxes")
    assert column(korean, 3) == ["포도", "사과", "바나나", "귤"]
    assert "포도가 맨 앞에" in korean["says"]


def test_the_two_dimensions_differ_and_the_loss_is_the_mean_of_what_is_picked():
    found = read("gather")
    assert "gives [−1, 1, 1, 0.5]" in step(found, "dims")["says"]
    assert "gives [−1, 2, 2, 0.5]" in step(found, "dims")["says"]
    assert column(step(found, "loss"), 6) == ["−3.4952", "−1.4952", "−1.4952", "−1.9952"]
    assert "2.1202 nats" in step(found, "loss")["says"]


def test_a_sorted_place_is_led_back_to_its_id():
    back = step(read("gather"), "back")
    assert column(back, 1) == ["1", "3", "0", "2"]
    assert "order[1] is: id 3, orange" in back["says"] and "written banana" in back["says"]


def test_scatter_is_told_from_gather():
    assert "That is scatter" in verdict("gather", "guess", "f1")["text"]
    assert "바나나" not in verdict("gather", "guess", "f2", language="ko")["text"]
