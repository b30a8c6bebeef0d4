(** * The concrete networks of the main theorems

    Definitions only: the networks on which [Pinned.v] shows that the hypotheses can be met,
    that none of them can be dropped, and what the limits are in numbers. *)

From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary VectorFieldNetwork.
Set Implicit Arguments.
Open Scope R_scope.

Notation R1 := R_NormedModule.
Definition times (x y : R) : R := x * y.

(** One linear neuron: [F = s/2 + theta], at rest in [s = 1] when [theta = 1/2]. *)
Definition leaky_at (s th : R) : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := fun z => fst z * fst z / 4 + snd z * fst z;
     F := fun z => fst z / 2 + snd z;
     Phi_theta := fun z => fst z;
     ell := fun s => (s - 0) * (s - 0) / 2; grad_ell := fun s => s - 0;
     s_star := s; theta := th |}.
Definition leaky : network := leaky_at 1 (1 / 2).

(** A layered network: a hidden neuron [h], an output [o], one symmetric weight [w], a bias [b],
    [Phi = (h^2 + o^2)/4 + w h o + b h].  With [w = 1/4] and [b = 3] it rests in [h = 8],
    [o = 4]; the target is [1]. *)
Section Layered.
Let h (z : (R * R) * (R * R)) : R := fst (fst z).
Let o (z : (R * R) * (R * R)) : R := snd (fst z).
Let w (z : (R * R) * (R * R)) : R := fst (snd z).
Let b (z : (R * R) * (R * R)) : R := snd (snd z).
Definition layered : network :=
  {| State := Rn 1; Param := Rn 1; dot_state := dot 1; dot_param := dot 1;
     dot_state_inner := is_inner_product_Rn 1; dot_param_inner := is_inner_product_Rn 1;
     Phi := fun z => / 4 * (h z * h z) + / 4 * (o z * o z) + w z * (h z * o z) + b z * h z;
     F := fun z => (/ 2 * h z + w z * o z + b z, / 2 * o z + w z * h z);
     Phi_theta := fun z => (h z * o z, h z);
     ell := fun s => (snd s - 1) * (snd s - 1) / 2;
     grad_ell := fun s => (0, snd s - 1);
     s_star := (8, 4); theta := (/ 4, 3) |}.
End Layered.

(** One neuron with an activation that is no polynomial: [F = s/2 + theta cos s]. *)
Definition sine : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := fun z => / 4 * (fst z * fst z) + snd z * sin (fst z);
     F := fun z => / 2 * fst z + snd z * cos (fst z);
     Phi_theta := fun z => sin (fst z);
     ell := fun s => (s - 1) * (s - 1) / 2; grad_ell := fun s => s - 1;
     s_star := PI; theta := - PI / 2 |}.

(** [Phi = theta^2 s / 2], which is not affine in [theta]; at rest in [s = 1/2], [theta = 1]. *)
Definition squared_bias : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := fun z => snd z * snd z * fst z / 2;
     F := fun z => snd z * snd z / 2;
     Phi_theta := fun z => snd z * fst z;
     ell := fun s => (s - 0) * (s - 0) / 2; grad_ell := fun s => s - 0;
     s_star := 1 / 2; theta := 1 |}.

(** Quadratic primitive functions: [Phi = <J s, s>/2 + <B theta, s>], with the transpose [C] of
    [B], at rest in [s = 0], [theta = 0], with the loss [|s + g|^2 / 2], whose gradient at rest is [g]. *)
Definition quadratic (V W : NM) (ipV : V -> V -> R) (ipW : W -> W -> R)
  (HV : is_inner_product V ipV) (HW : is_inner_product W ipW)
  (J : V -> V) (B : W -> V) (C : V -> W) (g : V) : network :=
  {| State := V; Param := W; dot_state := ipV; dot_param := ipW; dot_state_inner := HV; dot_param_inner := HW;
     Phi := fun z => ipV (J (fst z)) (fst z) / 2 + ipV (B (snd z)) (fst z);
     F := fun z => plus (J (fst z)) (B (snd z));
     Phi_theta := fun z => C (fst z);
     ell := fun s => ipV (plus s g) (plus s g) / 2; grad_ell := fun s => plus s g;
     s_star := zero; theta := zero |}.

(** One neuron with the Jacobian [-1/2]. *)
Definition alternating : network :=
  @quadratic R1 R1 times times is_inner_product_R is_inner_product_R (fun x => - / 2 * x) (fun v => v) (fun x => x) 1.

(** Two neurons with [J = diag(0, 1/3)], [B = ((1, 0), (3/4, 1/2))] and its transpose [C]; the
    loss gradient at rest is [(27, -20)]. *)
Definition matrix (a b c d : R) (x : Rn 1) : Rn 1 := (a * fst x + b * snd x, c * fst x + d * snd x).
Definition positive : network :=
  @quadratic (Rn 1) (Rn 1) (dot 1) (dot 1) (is_inner_product_Rn 1) (is_inner_product_Rn 1)
    (matrix 0 0 0 (/ 3)) (matrix 1 0 (3 / 4) (/ 2)) (matrix 1 (3 / 4) 0 (/ 2)) (27, -20).

(** [J = ((0, 1/2), (1/2, 0))]; the parameter acts on the hidden neuron, the loss on the output neuron. *)
Definition to_hidden (v : R1) : Rn 1 := (v, 0).
Definition hidden (x : Rn 1) : R1 := fst x.
Definition deep : network :=
  @quadratic (Rn 1) R1 (dot 1) times (is_inner_product_Rn 1) is_inner_product_R (matrix 0 (/ 2) (/ 2) 0) to_hidden hidden (0, 1).

(** One sigmoid unit with a bias: [Phi = theta s], squared error with the target 0, at rest at
    [s = 3/4], where [sigma' = 3/4]. *)
Definition one_unit : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := fun z => snd z * fst z; F := fun z => snd z; Phi_theta := fun z => fst z;
     ell := fun s => s * s / 2; grad_ell := fun s => s; s_star := 3 / 4; theta := 1 / 2 + ln 3 / 4 |}.

(** A C-VF network of two neurons in a chain, [s_1 <- theta] and [s_2 <- s_1 / 2], with the loss
    [s_2^2 / 2] and no connection back; its Jacobian, the transpose, and that of [dF/dtheta]. *)
Definition chain_F (z : Rn 1 * R1) : Rn 1 := (snd z, fst (fst z) / 2).
Definition chain_ell (s : Rn 1) : R := snd s * snd s / 2.
Definition chain_grad_ell (s : Rn 1) : Rn 1 := (0, snd s).
Definition chain_J (s : Rn 1) : Rn 1 := (0, fst s / 2).
Definition chain_Jt (s : Rn 1) : Rn 1 := (snd s / 2, 0).
Definition chain_H (z : Rn 1 * R1) (w : Rn 1) : R1 := fst w.

(** A loop of two neurons whose weights differ, [x <- theta y + 1] and [y <- x / 2], at rest in
    [(2, 1)] with [theta = 1], and the loss [y^2 / 2]. *)
Notation R2 := (prod_NormedModule R_AbsRing R1 R1).
Definition loop : vector_field :=
  {| vf_State := R2; vf_Param := R1;
     vf_dot_state := @product_inner R1 R1 times times; vf_dot_param := times;
     vf_dot_state_inner := is_inner_product_prod is_inner_product_R is_inner_product_R;
     vf_dot_param_inner := is_inner_product_R;
     vf_F := fun z => (snd z * snd (fst z) + 1, fst (fst z) / 2);
     vf_DF := fun h => (1 * snd (fst h) + 1 * snd h, / 2 * fst (fst h) + 0 * snd (fst h));
     vf_Jt := fun s => (0 * fst s + / 2 * snd s, 1 * fst s + 0 * snd s);
     vf_H := fun z w => snd (fst z) * fst w;
     vf_ell := fun s => snd s * snd s / 2; vf_grad_ell := fun s => (0, snd s);
     vf_s_star := (2, 1); vf_theta := 1 |}.

(** Two layers: output [o] and hidden [h], [o <- h/2 + b_o], [h <- o/2 + b_h], with the loss gradient
    [(1, 0)] at rest; the layers of parameters are the two biases, with the rates [beta^2] and [|beta|]. *)
Definition two_layers : network :=
  @quadratic (Rn 1) (Rn 1) (dot 1) (dot 1) (is_inner_product_Rn 1) (is_inner_product_Rn 1)
    (matrix 0 (/ 2) (/ 2) 0) (matrix 1 0 0 1) (matrix 1 0 0 1) (1, 0).
Definition bias_of (l : nat) : Rn 1 -> Rn 1 := match l with O => matrix 1 0 0 0 | _ => matrix 0 0 0 1 end.
Definition rate_of (l : nat) (beta : R) : R := match l with O => beta * beta | _ => Rabs beta end.

(** One neuron with curvature, [F = s/2 + s^2/2 + theta], at rest in [s = 0] with [theta = 0]; the target
    is [-1]. *)
Definition curved : network :=
  {| State := R1; Param := R1; dot_state := times; dot_param := times;
     dot_state_inner := is_inner_product_R; dot_param_inner := is_inner_product_R;
     Phi := fun z => fst z * fst z / 4 + fst z * fst z * fst z / 6 + snd z * fst z;
     F := fun z => fst z / 2 + fst z * fst z / 2 + snd z;
     Phi_theta := fun z => fst z;
     ell := fun s => (s - -1) * (s - -1) / 2; grad_ell := fun s => s - -1;
     s_star := 0; theta := 0 |}.

(** Two tanh neurons, one weight each way, [x <- tanh(w y + c)] and [y <- tanh(v x + d)], with the
    parameters [(w, v)], at rest in [(tanh a, tanh b)] by the choice of the inputs [c] and [d]; the
    loss is [(y - target)^2 / 2]. *)
Definition tanh_x (a b w v : R) (z : Rn 1 * Rn 1) : R := tanh (fst (snd z) * snd (fst z) + (a - w * tanh b)).
Definition tanh_y (a b w v : R) (z : Rn 1 * Rn 1) : R := tanh (snd (snd z) * fst (fst z) + (b - v * tanh a)).
Definition tanh_pair (a b w v target : R) : vector_field :=
  smooth_vector_field 1 1 (fun z => (tanh_x a b w v z, tanh_y a b w v z))
    (fun z h =>
      ((fst (snd h) * snd (fst z) + fst (snd z) * snd (fst h)) * (1 - tanh_x a b w v z * tanh_x a b w v z),
       (snd (snd h) * fst (fst z) + snd (snd z) * fst (fst h)) * (1 - tanh_y a b w v z * tanh_y a b w v z)))
    (fun s => (snd s - target) * (snd s - target) / 2) (fun s => (0, snd s - target)) (tanh a, tanh b) (w, v).

(** Numbers that hold for [loop] in a box of half-width 1/50000. *)
Definition loop_box : box_data :=
  {| box_state := / 50000; box_param := / 50000; box_Jt := 1; box_B := 1; box_H := 50001 / 50000;
     box_curvature := / 50000; box_variation := / 50000; box_loss := 1 |}.
